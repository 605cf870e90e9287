"""The installation as a whole, as Django sees it."""

from django.apps import AppConfig


class BoltkeysConfig(AppConfig):
    name = "boltkeys"

    def ready(self) -> None:
        """Has every command check the settings, as web processes do at their start."""
        from boltkeys import checks  # noqa: F401, PLC0415  (it registers itself; the apps are ready only now)
