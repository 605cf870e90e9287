from django.apps import AppConfig

HOUR = 3600


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    def ready(self) -> None:
        """Has the worker forget tokens whose time is over."""
        from apps.accounts import tokens  # noqa: PLC0415  (models are ready only now)
        from apps.core import clock  # noqa: PLC0415

        clock.every(HOUR, tokens.prune)
