"""Parameters of queries, paths and headers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from apps.api import listing
from apps.api.openapi import shapes, values
from apps.api.openapi.described import Schema
from apps.core.fields import Field
from apps.records import cursor
from apps.records.cursor import Cursor
from apps.records.operations import TAG_MAX

_CURSOR = "^(?=Y3JlYXRlZF9hdH|LWNyZWF0ZWRfYXR8|dXBkYXRlZF9hdH|LXVwZGF0ZWRfYXR8)[0-9A-Za-z_-]{80,90}$"
"""One of the orders and what follows, in Base64. Written so that nothing can be made up from it: only a cursor that an
answer had is good."""


def query(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def limit() -> Schema:
    schema = {"type": "integer", "minimum": 1, "maximum": listing.MAX_LIMIT, "default": listing.DEFAULT_LIMIT}
    return query("limit", schema, "How many at the most.")


def after() -> Schema:
    place = cursor.encode(Cursor(listing.DEFAULT_ORDER, datetime(2026, 3, 31, 9, 30, tzinfo=UTC), shapes.RECORD_ID))
    schema = {"type": "string", "pattern": _CURSOR, "examples": [place]}
    return query("cursor", schema, "The `next_cursor` of the page before. The list goes on in the order it began in.")


def order(orders: Sequence[str]) -> Schema:
    schema = {"type": "string", "enum": list(orders), "default": listing.DEFAULT_ORDER}
    return query("order", schema, "By what they are sorted; `-` for the latest first.")


def order_of_records() -> Schema:
    """Without a default: it is not the same with `updated_since`, and generated clients send what is one."""
    told = (
        f"By what they are sorted; `-` for the latest first. `{listing.DEFAULT_ORDER}` unless there is `updated_since`."
    )
    return query("order", {"type": "string", "enum": list(cursor.ORDERS)}, told)


def updated_since() -> Schema:
    told = (
        "Only what has changed at this moment or after it, in the order of the changes unless `order` says otherwise."
    )
    return query("updated_since", values.moment(), told)


def filters(fields: Sequence[Field]) -> list[Schema]:
    return [query(field.name, values.filtered(field), f"Only those whose {field.label} is this.") for field in fields]


def in_path(name: str) -> Schema:
    schema, description = _IN_PATH[name]
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


_IN_PATH = {
    "record_id": (shapes.identifier("rec"), "The ID of the record."),
    "key_id": (shapes.identifier("key"), "The ID of the key: `key_…`, never the key itself."),
    "member_id": (
        {"type": "string", "pattern": f"^(?:mem|inv)_{shapes.ID}$", "examples": ["mem_4fTq8Zc0aVb1Xy2Lm3Nk5P"]},
        "The ID of the member, or of the invitation.",
    ),
    "webhook_id": (shapes.identifier("whk"), "The ID of the subscription."),
    "tag": (
        {"type": "string", "minLength": 1, "maxLength": TAG_MAX, "pattern": "^[0-9A-Za-z_-]+$", "examples": ["vip"]},
        "The tag, without a slash.",
    ),
}


def headers() -> dict[str, Schema]:
    """The components that operations refer to."""
    told = {
        "X-Project": (
            {"type": "string"},
            "The ID or the slug of the project, for users and user keys that reach more than one.",
        ),
        "Prefer": (
            {"type": "string"},
            "`handling=strict` refuses names that are not known, instead of ignoring them (RFC 7240).",
        ),
    }
    return {
        name: {"name": name, "in": "header", "required": False, "description": description, "schema": schema}
        for name, (schema, description) in told.items()
    }


def answer_headers() -> dict[str, Schema]:
    """The headers of answers, by name."""
    required = {"X-Request-Id", "WWW-Authenticate", "Allow", "Retry-After", "Location"}
    told: dict[str, tuple[Schema, str]] = {
        "X-Request-Id": ({"type": "string", "pattern": f"^req_{shapes.ID}$"}, "Quote it when you ask for help."),
        "RateLimit-Policy": (
            {"type": "string", "examples": ['"minute";q=60;w=60']},
            "The limit of the key: requests (q) in any so many seconds (w).",
        ),
        "RateLimit": (
            {"type": "string", "examples": ['"minute";r=42;t=17']},
            "What is left of it (r), and when the next request is freed (t, in seconds).",
        ),
        "Retry-After": ({"type": "integer", "minimum": 0}, "Seconds to wait."),
        "WWW-Authenticate": ({"type": "string"}, "How to present a key, and what is wrong with this one (RFC 6750)."),
        "Allow": ({"type": "string"}, "The methods that there are."),
        "Location": ({"type": "string"}, "The path of what was made."),
        "ETag": ({"type": "string"}, "Send it back as If-None-Match."),
        "Boltkeys-Ignored-Fields": (
            {"type": "string"},
            "Names that were sent and mean nothing here, percent-encoded.",
        ),
        "Boltkeys-Notice": ({"type": "string"}, "The change was made, and does not hold everywhere yet."),
        "Preference-Applied": ({"type": "string"}, "`handling=strict`, where it was asked for."),
        "Idempotency-Replayed": ({"type": "string"}, "`true`: the answer to an earlier request with this key."),
    }
    return {
        name: {"description": description, "required": name in required, "schema": schema}
        for name, (schema, description) in told.items()
    }
