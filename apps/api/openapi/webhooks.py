"""What is sent to subscriptions, in the section `webhooks` of the document."""

from __future__ import annotations

from typing import Any

from apps.api.openapi import shapes
from apps.api.openapi.described import Schema, ref
from apps.core.catalogue import Catalogue
from apps.webhooks import events

EVENT = "WebhookEvent"

_HEADERS = {
    "webhook-id": "The same for every attempt: remember it, events can arrive twice.",
    "webhook-timestamp": "Seconds since 1970: refuse what is older than five minutes.",
    "webhook-signature": "`v1,` and the Base64 of an HMAC-SHA256; with a space between two, after a rotation.",
}


def webhooks(catalogue: Catalogue) -> dict[str, Any]:
    """An operation for each event that can be subscribed to."""
    return {
        name: {"post": _operation(name, sentence)}
        for _, offered in events.offered(catalogue)
        for name, sentence in offered.items()
    }


def schemas() -> dict[str, Schema]:
    data = {
        "type": "object",
        "required": ["id", "project_id"],
        "properties": {"id": {"type": ["string", "null"]}, "project_id": {"type": ["string", "null"]}},
        "additionalProperties": True,
        "description": "What it is about. Whoever wants the record itself fetches it, with a key.",
    }
    members = {"type": {"type": "string"}, "timestamp": shapes.MOMENT, "data": data}
    return {EVENT: shapes.made(members, "An event, as Standard Webhooks has it.")}


def _operation(name: str, sentence: str) -> Schema:
    parameters = [
        {"name": header, "in": "header", "required": True, "description": told, "schema": {"type": "string"}}
        for header, told in _HEADERS.items()
    ]
    event = {"allOf": [ref(EVENT), {"properties": {"type": {"const": name}}}]}
    return {
        "operationId": f"on_{name.replace('.', '_')}",
        "summary": sentence,
        "description": f"{sentence}. Sent to subscriptions that have `{name}`, signed as Standard Webhooks has it.",
        "tags": ["Webhooks"],
        "security": [],
        "parameters": parameters,
        "requestBody": {"required": True, "content": {"application/json": {"schema": event}}},
        "responses": {
            "2XX": {"description": "It has arrived."},
            "410": {"description": "Send nothing more: the subscription is disabled."},
            "default": {"description": "It is sent again later."},
        },
    }
