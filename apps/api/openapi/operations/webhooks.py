"""Subscriptions to events."""

from __future__ import annotations

from apps.api import webhooks as views
from apps.api.openapi import parameters, shapes
from apps.api.openapi.described import NOTHING, At, Operation, Schema, describes, ref, returns
from apps.webhooks import events
from apps.webhooks.models import URL_MAX, EndpointStatus

_REST = "(?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?"
_LABEL, _TOP = f"[0-9A-Za-z]{_REST}", f"[A-Za-z]{_REST}"
_PORT = (
    "(?:443|102[4-9]|10[3-9][0-9]|1[1-9][0-9]{2}|[2-9][0-9]{3}"
    "|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
)
"""443, or one that no system keeps for itself."""


@describes(views.Webhooks, "GET")
def list_webhooks(at: At) -> Operation:
    """List webhooks"""
    query = [parameters.limit(), parameters.after()]
    return Operation(returns(ref("WebhookList"), "A page of subscriptions."), query=query, codes=["invalid"])


@describes(views.Webhooks, "POST")
def create_webhook(at: At) -> Operation:
    """Create a webhook

    Deliveries are signed as Standard Webhooks has it, with the secret that this answer has, once.
    """
    return Operation(
        returns(ref("WebhookWithSecret"), "The subscription and its secret.", 201),
        body={"type": "object", "required": ["url", "events"], "properties": {"url": _url(), "events": _events(at)}},
        codes=["invalid", "conflict"],
        example={"url": "https://example.com/webhooks", "events": events.names(at.catalogue)[:1]},
    )


@describes(views.Webhook, "GET")
def read_webhook(at: At) -> Operation:
    """Read a webhook"""
    return Operation(returns(ref("Webhook"), "The subscription."), codes=["not_found"])


@describes(views.Webhook, "PATCH")
def update_webhook(at: At) -> Operation:
    """Change a webhook

    A disabled one gets nothing. What waited for it is kept for three days, and goes on when it is enabled in that time.
    """
    status = {"type": ["string", "null"], "enum": [*EndpointStatus.values, None]}
    url = {**_url(), "type": ["string", "null"]}
    names = {**_events(at), "type": ["array", "null"]}
    return Operation(
        returns(ref("Webhook"), "The subscription as it is now."),
        body={"type": "object", "properties": {"url": url, "events": names, "status": status}},
        is_body_needed=False,
        codes=["not_found", "invalid"],
        example={"status": "disabled"},
    )


@describes(views.Webhook, "DELETE")
def delete_webhook(at: At) -> Operation:
    """Delete a webhook"""
    return Operation(NOTHING, codes=["not_found"])


@describes(views.WebhookTest, "POST")
def test_webhook(at: At) -> Operation:
    """Send a test event"""
    return Operation(
        returns(ref("WebhookDelivery"), "The delivery, due at once.", 202),
        body={"type": "object"},
        is_body_needed=False,
        codes=["not_found", "invalid", "conflict"],
    )


@describes(views.WebhookRotate, "POST")
def rotate_webhook_secret(at: At) -> Operation:
    """Make a new secret

    For 24 hours deliveries are signed with both.
    """
    return Operation(
        returns(ref("WebhookWithSecret"), "The subscription and its new secret."),
        body={"type": "object"},
        is_body_needed=False,
        codes=["not_found", "invalid"],
    )


@describes(views.WebhookDeliveries, "GET")
def list_webhook_deliveries(at: At) -> Operation:
    """List deliveries

    What was sent, each with its attempts.
    """
    query = [parameters.limit(), parameters.after()]
    answers = returns(ref("WebhookDeliveryList"), "A page of deliveries.")
    return Operation(answers, query=query, codes=["not_found", "invalid"])


def _url() -> Schema:
    return {
        "type": "string",
        "pattern": rf'^https://(?:{_LABEL}\.)+{_TOP}(?::{_PORT})?(?:[/?][!-"$-?A-\[\]-~]*)?$',
        "maxLength": URL_MAX,
        "description": "On the public Internet, by https, by the name of its host.",
    }


def _events(at: At) -> Schema:
    return {"type": "array", "items": shapes.event_names(at.catalogue), "minItems": 1}
