from django.apps import AppConfig


class KeysConfig(AppConfig):
    name = "apps.keys"

    def ready(self) -> None:
        """Tells the gate how to load a key's record: the gate itself knows no models."""
        from apps.gate import gate
        from apps.keys import loader
        from apps.projects import catalogues

        gate.configure(load=loader.load, digests_of=loader.digests_of, catalogues=catalogues.load)
