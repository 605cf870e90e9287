from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "apps.api"

    def ready(self) -> None:
        """Hears of the worker's ticks, which is floors below."""
        from apps.api import idempotency  # noqa: PLC0415  (models are ready only now)
        from apps.core import clock  # noqa: PLC0415

        idempotency.every(clock.every)
