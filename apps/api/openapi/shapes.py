"""The component schemas of what boltkeys itself answers with, by name. Those of the catalogue: `records.py` beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.api.openapi import problems
from apps.api.openapi.described import Schema, ref
from apps.core.catalogue import Catalogue
from apps.keys.models import RATE_LIMIT_MAX, Status
from apps.projects.models import Environment, Role
from apps.usage.queries import WINDOWS
from apps.webhooks import events
from apps.webhooks.models import DeliveryStatus, EndpointStatus

ID = "[0-9A-Za-z]{22}"

KEY_ID, RECORD_ID, WEBHOOK_ID = (f"{prefix}_4fTq8Zc0aVb1Xy2Lm3Nk5P" for prefix in ("key", "rec", "whk"))
MOMENT: Schema = {"type": "string", "format": "date-time", "examples": ["2026-03-31T09:30:00Z"]}
MAYBE_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
COUNT: Schema = {"type": "integer", "minimum": 0}


def made(properties: Mapping[str, Schema], description: str = "", **more: Any) -> Schema:
    """An object of an answer: all of its members are there."""
    told = {"description": description} if description else {}
    return {"type": "object", **told, "required": list(properties), "properties": dict(properties), **more}


def identifier(prefix: str) -> Schema:
    return {"type": "string", "pattern": f"^{prefix}_{ID}$", "examples": [f"{prefix}_4fTq8Zc0aVb1Xy2Lm3Nk5P"]}


def maybe(name: str) -> Schema:
    return {"anyOf": [ref(name), {"type": "null"}]}


def listed(item: Schema, description: str) -> Schema:
    cursor = {**MAYBE_TEXT, "description": "The cursor of the next page; null: this is the last one."}
    return made({"data": {"type": "array", "items": item}, "next_cursor": cursor}, description)


def scope(catalogue: Catalogue) -> Schema:
    return {"type": "string", "enum": list(catalogue.scopes)}


def components(catalogue: Catalogue) -> dict[str, Schema]:
    key = _key(catalogue)
    webhook = _webhook(catalogue)
    secret = {**MAYBE_TEXT, "description": "The key itself, in this one answer. null: an earlier answer has had it."}
    signing = {**MAYBE_TEXT, "description": "Signs deliveries, in this one answer. null: an earlier answer has had it."}
    return {
        "Problem": problems.schema(),
        "Tokens": _tokens(),
        "Person": made({"id": {"type": "string"}, "email": {"type": "string", "format": "email"}}, "A user."),
        "Me": _me(),
        "Usage": made(
            dict.fromkeys(WINDOWS, COUNT),
            "Accepted requests in the last 24 hours, 7 and 30 days; with those of the keys that it was rotated from.",
        ),
        "ApiKey": made(key, "An API key. Its secret is in no answer but the one that made it."),
        "ApiKeyWithOutcomes": made(
            {
                **key,
                "rotated_from": {**MAYBE_TEXT, "description": "The ID of the key that it is the successor of."},
                "outcomes": {"type": "object", "additionalProperties": ref("Usage")},
            },
            "An API key, with its requests by outcome: `ok`, or the code of the refusal.",
        ),
        "NewApiKey": made({**key, "secret_key": secret}, "An API key and its secret, which is shown once."),
        "ApiKeyList": listed(ref("ApiKey"), "Keys, the newest first."),
        "ApiKeyUsage": _key_usage(),
        "ScopeEntry": _scope(catalogue),
        "ScopeList": _scopes(),
        "Webhook": made(webhook, "A subscription to events."),
        "WebhookWithSecret": made({**webhook, "secret": signing}, "A subscription, and the secret that signs it."),
        "WebhookList": listed(ref("Webhook"), "Subscriptions, the newest first."),
        "WebhookDelivery": _delivery(catalogue),
        "WebhookDeliveryList": listed(ref("WebhookDelivery"), "Deliveries, the newest first."),
        "Member": _member(),
        "MemberList": listed(ref("Member"), "Members and open invitations, the newest first."),
        "Verdict": _verdict(),
    }


def _tokens() -> Schema:
    return made(
        {
            "access_token": {"type": "string", "description": "A JWT, for `Authorization: Bearer`."},
            "refresh_token": {"type": "string", "pattern": "^rt_", "description": "Good once, for 7 days."},
            "token_type": {"type": "string", "const": "Bearer"},
            "expires_in": {"type": "integer", "minimum": 1, "description": "Seconds that the access token is good."},
        },
        "What a person speaks for themselves with.",
    )


def _me() -> Schema:
    project = made({"id": identifier("prj"), "slug": {"type": "string"}, "name": {"type": "string"}})
    return made(
        {
            "type": {"type": "string", "enum": ["key", "user"]},
            "key": maybe("ApiKey"),
            "user": maybe("Person"),
            "project": project,
            "scopes": {"type": "array", "items": {"type": "string"}},
        },
        "Who a request is made by, and what they may do in the project.",
    )


def _key(catalogue: Catalogue) -> dict[str, Schema]:
    return {
        "id": identifier("key"),
        "name": {"type": "string"},
        "mask": {"type": "string", "description": "What the secret begins and ends with."},
        "environment": {"type": "string", "enum": list(Environment.values)},
        "project_id": {**MAYBE_TEXT, "description": "null: a user key, for all projects of its owner."},
        "owner": maybe("Person"),
        "restricted": {"type": "boolean", "description": "false: it can do everything."},
        "scopes": {"type": "array", "items": {"type": "string"}, "description": "In the catalogue's order."},
        "rate_limit_per_minute": {**_limit(), "description": "Requests in any 60 seconds."},
        "allowed_ips": {"type": "array", "items": {"type": "string"}, "description": "Networks; none: any address."},
        "status": {"type": "string", "enum": list(Status.values)},
        "created_at": MOMENT,
        "created_by": {"type": "string"},
        "expires_at": MAYBE_MOMENT,
        "last_used_at": MAYBE_MOMENT,
        "last_used_ip": MAYBE_TEXT,
        "revoked_at": MAYBE_MOMENT,
        "revoked_by": MAYBE_TEXT,
        "revoke_reason": MAYBE_TEXT,
        "rotated_to": {**MAYBE_TEXT, "description": "The ID of the successor."},
        "usage": ref("Usage"),
    }


def _limit() -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": RATE_LIMIT_MAX}


def _key_usage() -> Schema:
    cell = made(
        {
            "hour": {**MOMENT, "description": "The hour (UTC) that it is counted in."},
            "resource": {"type": "string"},
            "outcome": {"type": "string", "description": "`ok`, or the code of the refusal."},
            "count": COUNT,
        }
    )
    return made(
        {
            "key_id": identifier("key"),
            "window": {"type": "string", "enum": list(WINDOWS)},
            "from": MOMENT,
            "to": MOMENT,
            "totals": {"type": "object", "additionalProperties": COUNT, "description": "Requests by outcome."},
            "data": {"type": "array", "items": cell},
        },
        "The requests of a key, and of those that it was rotated from, by hour, resource and outcome.",
    )


def _scope(catalogue: Catalogue) -> Schema:
    words: Schema = {"type": "array", "items": {"type": "string"}}
    return made(
        {
            "scope": scope(catalogue),
            "resource": {"type": "string"},
            "resource_label": {"type": "string"},
            "group": MAYBE_TEXT,
            "action": {"type": "string"},
            "label": {"type": "string"},
            "description": {"type": "string"},
            "methods": words,
            "operations": words,
            "includes": {**words, "description": "Scopes that come with it."},
        },
        "What a key can be allowed to do.",
    )


def _scopes() -> Schema:
    return made(
        {
            "catalogue": {"type": "string"},
            "label": {"type": "string"},
            "unrestricted": {"type": "boolean", "description": "Keys that can do everything are possible."},
            "rate_limit_per_minute": _limit(),
            "data": {"type": "array", "items": ref("ScopeEntry")},
        },
        "The catalogue of the project.",
    )


def event_names(catalogue: Catalogue) -> Schema:
    return {"type": "string", "enum": events.names(catalogue)}


def _webhook(catalogue: Catalogue) -> dict[str, Schema]:
    return {
        "id": identifier("whk"),
        "url": {"type": "string"},
        "events": {"type": "array", "items": event_names(catalogue)},
        "status": {"type": "string", "enum": list(EndpointStatus.values)},
        "created_at": MOMENT,
    }


def _delivery(catalogue: Catalogue) -> Schema:
    attempt = made(
        {
            "number": {"type": "integer", "minimum": 1},
            "at": MOMENT,
            "duration_ms": COUNT,
            "response_status": {"type": ["integer", "null"]},
            "error": {**MAYBE_TEXT, "description": "Why there was no answer."},
        }
    )
    return made(
        {
            "id": {**identifier("msg"), "description": "The `webhook-id` of every attempt."},
            "event": {"type": "string"},
            "status": {"type": "string", "enum": list(DeliveryStatus.values)},
            "created_at": MOMENT,
            "next_attempt_at": MAYBE_MOMENT,
            "payload": {"type": "object", "additionalProperties": True, "description": "The body that is sent."},
            "attempts": {"type": "array", "items": attempt},
        },
        "One event on its way to one subscription.",
    )


def _member() -> Schema:
    return made(
        {
            "id": {"type": "string", "pattern": f"^(?:mem|inv)_{ID}$"},
            "user_id": {**MAYBE_TEXT, "description": "null: the invitation has not been accepted yet."},
            "email": {"type": "string", "format": "email"},
            "name": {"type": "string"},
            "role": {"type": "string", "enum": list(Role.values)},
            "grants": {"type": "array", "items": {"type": "string"}},
            "status": {"type": "string", "enum": ["active", "disabled", "invited"]},
            "created_at": MOMENT,
            "invited_by": MAYBE_TEXT,
            "expires_at": MAYBE_MOMENT,
        },
        "Somebody in the project, or who is invited to it.",
    )


def _verdict() -> Schema:
    rate = made({"limit": _limit(), "remaining": COUNT, "reset_seconds": COUNT})
    return made(
        {
            "valid": {"type": "boolean", "const": True},
            "code": {"type": "string", "const": "ok"},
            "key_id": identifier("key"),
            "project_id": identifier("prj"),
            "scopes": {"type": "array", "items": {"type": "string"}},
            "expires_at": MAYBE_MOMENT,
            "rate_limit": rate,
        },
        "That a key is good, and what it may do.",
    )
