from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "apps.webhooks"

    def ready(self) -> None:
        """Hears of every audit event in its own transaction, and of the worker's ticks: both are floors below."""
        from apps.audit import service as audit  # noqa: PLC0415  (models are ready only now)
        from apps.core import clock  # noqa: PLC0415
        from apps.webhooks import queueing, upkeep  # noqa: PLC0415

        audit.listen(queueing.queue)
        upkeep.every(clock.every)
