"""The pages about webhooks, below /projects/<slug>/webhooks/."""

from django.urls import path, register_converter

from apps.dashboard.webhooks import changes, deliveries, endpoints, secrets


class WebhookIdConverter:
    """The ID of an endpoint and nothing else."""

    regex = "whk_[0-9A-Za-z]{22}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class DeliveryIdConverter(WebhookIdConverter):
    """The ID of a delivery and nothing else."""

    regex = "msg_[0-9A-Za-z]{22}"


register_converter(WebhookIdConverter, "webhook_id")
register_converter(DeliveryIdConverter, "delivery_id")

DELIVERY = "<webhook_id:webhook_id>/deliveries/<delivery_id:delivery_id>/"

urlpatterns = [
    path("", endpoints.listing, name="webhooks"),
    path("new/", secrets.new, name="webhook_new"),
    path("<webhook_id:webhook_id>/", endpoints.show, name="webhook"),
    path("<webhook_id:webhook_id>/edit/", changes.edit, name="webhook_edit"),
    path("<webhook_id:webhook_id>/enable/", changes.enable, name="webhook_enable"),
    path("<webhook_id:webhook_id>/disable/", changes.disable, name="webhook_disable"),
    path("<webhook_id:webhook_id>/delete/", changes.delete, name="webhook_delete"),
    path("<webhook_id:webhook_id>/rotate/", secrets.rotate, name="webhook_rotate"),
    path("<webhook_id:webhook_id>/test/", deliveries.test, name="webhook_test"),
    path(DELIVERY, deliveries.show, name="delivery"),
    path(
        "<webhook_id:webhook_id>/deliveries/<delivery_id:delivery_id>/again/", deliveries.again, name="delivery_again"
    ),
]
