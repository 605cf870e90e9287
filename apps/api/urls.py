"""Where each path under /v1 leads. No path ends in a slash, and none is redirected to another."""

from django.urls import path, re_path, register_converter

from apps.api import auth, developer_access, me, members, operations, problems, resources, webhooks
from apps.api.openapi.views import OpenApi
from apps.projects import catalogues
from apps.records.steps import MACHINES


class ResourceConverter:
    """The slug of a resource that some catalogue has records or figures of: anything else is no path at all."""

    regex = "[a-z][a-z0-9_]*"

    def to_python(self, value: str) -> str:
        if any(_serves(catalogue.resources.get(value)) for catalogue in catalogues.load().values()):
            return value
        raise ValueError(value)

    def to_url(self, value: str) -> str:
        return value


def _serves(resource: object) -> bool:
    return getattr(resource, "kind", "management") != "management"


register_converter(ResourceConverter, "resource")

_steps = [
    path(
        f"{slug}/<str:record_id>/{step.operation}",
        operations.TakeStep.as_view(),
        {"resource": slug, "operation": step.operation},
        name=f"api_{slug}_{step.operation}",
    )
    for slug, machine in MACHINES.items()
    for step in machine.steps
]

urlpatterns = [
    path("auth/login", auth.Login.as_view(), name="api_login"),
    path("auth/refresh", auth.Refresh.as_view(), name="api_refresh"),
    path("auth/logout", auth.Logout.as_view(), name="api_logout"),
    path("openapi.json", OpenApi.as_view(), name="api_openapi"),
    path("me", me.Me.as_view(), name="api_me"),
    path("developer-access/webhooks", webhooks.Webhooks.as_view(), name="api_webhooks"),
    path("developer-access/webhooks/<str:webhook_id>", webhooks.Webhook.as_view(), name="api_webhook"),
    path("developer-access/webhooks/<str:webhook_id>/test", webhooks.WebhookTest.as_view(), name="api_webhook_test"),
    path(
        "developer-access/webhooks/<str:webhook_id>/rotate", webhooks.WebhookRotate.as_view(), name="api_webhook_rotate"
    ),
    path(
        "developer-access/webhooks/<str:webhook_id>/deliveries",
        webhooks.WebhookDeliveries.as_view(),
        name="api_webhook_deliveries",
    ),
    path("developer-access/members", members.Members.as_view(), name="api_members"),
    path("developer-access/members/<str:member_id>", members.OneMember.as_view(), name="api_member"),
    path("developer-access/scopes", developer_access.Scopes.as_view(), name="api_scopes"),
    path("developer-access/api-keys", developer_access.Keys.as_view(), name="api_keys"),
    path("developer-access/api-keys/<str:key_id>", developer_access.OneKey.as_view(), name="api_key"),
    path("developer-access/api-keys/<str:key_id>/revoke", developer_access.RevokeKey.as_view(), name="api_key_revoke"),
    path("developer-access/api-keys/<str:key_id>/rotate", developer_access.RotateKey.as_view(), name="api_key_rotate"),
    path("developer-access/api-keys/<str:key_id>/usage", developer_access.KeyUsage.as_view(), name="api_key_usage"),
    *_steps,
    path("broadcasts/<str:record_id>/metrics", operations.Metrics.as_view(), name="api_broadcasts_metrics"),
    path("contacts/<str:record_id>/tags/<str:tag>", operations.Tag.as_view(), name="api_contacts_tag"),
    path("inbox/<str:record_id>/messages", operations.Messages.as_view(), name="api_inbox_messages"),
    path("templates/sync", operations.Sync.as_view(), name="api_templates_sync"),
    path("<resource:resource>", resources.Records.as_view(), name="api_records"),
    path("<resource:resource>/schema", resources.Schema.as_view(), name="api_schema"),
    path("<resource:resource>/<str:record_id>", resources.Record.as_view(), name="api_record"),
    re_path(r"^", problems.nowhere, name="api_nowhere"),
]
