"""The component schemas of a resource: a record, a list of them, and what creates and changes one."""

from __future__ import annotations

from apps.api.openapi import shapes, values
from apps.api.openapi.described import At, Schema, ref
from apps.core.fields import TYPES
from apps.records import schema as record_schema
from apps.records.models import Message
from apps.records.operations import TAG_MAX, TAGS_MAX
from apps.records.steps import COUNTS

SCHEMA, MESSAGE, METRICS, TAGS, SYNC = (
    "ResourceSchema",
    "ConversationMessage",
    "BroadcastMetrics",
    "TagList",
    "SyncRequest",
)


def components(at: At) -> dict[str, Schema]:
    """Of one resource."""
    shown = {f"{at.prefix}": record(at), f"{at.prefix}List": shapes.listed(ref(at.prefix), f"{at.resource.label}.")}
    if at.resource.kind == "analytics":
        return shown
    return {
        **shown,
        f"{at.prefix}Create": _body(at, partial=False),
        f"{at.prefix}Update": _body(at, partial=True),
    }


def common() -> dict[str, Schema]:
    """Those that resources share."""
    message = {
        "id": shapes.identifier("mes"),
        "created_at": shapes.MOMENT,
        "direction": {"type": "string", "enum": list(Message.Direction.values)},
        "text": {"type": "string"},
    }
    metrics = {
        "id": shapes.identifier("rec"),
        "status": shapes.MAYBE_TEXT,
        "reported_at": shapes.MAYBE_MOMENT,
        **{name: {"type": ["integer", "null"]} for name in COUNTS},
        "reason": shapes.MAYBE_TEXT,
    }
    return {
        SCHEMA: _schema(),
        MESSAGE: shapes.made(message, "A message of a conversation. It is never changed."),
        f"{MESSAGE}List": shapes.listed(ref(MESSAGE), "Messages."),
        METRICS: shapes.made(metrics, "What was reported of a broadcast last; null is what nobody has reported."),
        TAGS: shapes.made({"id": shapes.identifier("rec"), "tags": _tags()}, "The tags of a record."),
        SYNC: shapes.made({"requested_at": shapes.MOMENT, "submitted": shapes.COUNT}, "A sync that was asked for."),
    }


def record(at: At) -> Schema:
    is_fixed = not at.resource.dynamic
    owned = record_schema.owned_fields(at.resource)
    fields = {
        field.name: values.shown(field, is_fixed=is_fixed) | ({"readOnly": True} if field.key in owned else {})
        for field in at.fields
    }
    if at.resource.kind == "analytics":
        return shapes.made(fields, at.resource.description)
    tags = {"tags": _tags()} if "tags" in at.resource.operations and "tags" not in fields else {}
    head = {"id": shapes.identifier("rec"), "created_at": shapes.MOMENT, "updated_at": shapes.MOMENT}
    return shapes.made({**head, **fields, **tags}, at.resource.description)


def example(at: At, *, whole: bool) -> Schema:
    """A body that creates a record, or one that changes it."""
    owned = record_schema.owned_fields(at.resource)
    fields = [field for field in at.fields if field.key not in owned]
    chosen = [f for f in fields if f.required] + [f for f in fields if not f.required][:2]
    return {field.name: values.example(field) for field in (chosen if whole else chosen[-1:])}


def _body(at: At, *, partial: bool) -> Schema:
    owned = record_schema.owned_fields(at.resource)
    fields = [field for field in at.fields if field.key not in owned]
    required = [field.name for field in fields if field.required]
    asked = {} if partial or not required else {"required": required}
    return {
        "type": "object",
        "description": "Only what is sent is changed." if partial else f"A new {at.thing}.",
        **asked,
        "properties": {field.name: values.sent(field) for field in fields},
        **values.AS_JSON,
    }


def _tags() -> Schema:
    return {"type": "array", "items": {"type": "string", "maxLength": TAG_MAX}, "maxItems": TAGS_MAX}


def _schema() -> Schema:
    field: dict[str, Schema] = {
        "name": {"type": "string"},
        "label": {"type": "string"},
        "type": {"type": "string", "enum": list(TYPES)},
        "required": {"type": "boolean"},
        "options": {"type": "array", "items": {"type": "string"}},
        "description": {"type": "string"},
    }
    return shapes.made(
        {
            "resource": {"type": "string"},
            "dynamic": {"type": "boolean", "description": "Administrators may change the fields."},
            "fields": {"type": "array", "items": shapes.made(field)},
        },
        "The fields that a resource has in the project.",
    )
