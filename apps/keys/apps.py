from django.apps import AppConfig


class KeysConfig(AppConfig):
    name = "apps.keys"

    def ready(self) -> None:
        """Tells the gate how to load a key's record: the gate itself knows no models."""
        from apps.core import clock  # noqa: PLC0415  (models are ready only now)
        from apps.gate import gate  # noqa: PLC0415
        from apps.keys import loader, notices  # noqa: PLC0415
        from apps.projects import catalogues  # noqa: PLC0415

        gate.configure(load=loader.load, digests_of=loader.digests_of, catalogues=catalogues.load)
        clock.every(60, notices.look)
