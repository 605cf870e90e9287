"""Audit events as sentences: who · did what · to what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.audit.models import Event

VERBS: Mapping[str, str] = {
    "key.created": "created the key",
    "key.revoked": "revoked the key",
    "key.deleted": "deleted the key",
    "key.expired": "recorded the expiry of the key",
    "key.rotated": "rotated the key",
    "key.limit_changed": "changed the rate limit of the key",
    "key.expiring": "noticed that soon the end comes of the key",
    "key.used_after_end": "noticed the use after its end of the key",
    "project.created": "created the project",
    "project.suspended": "suspended the project",
    "project.resumed": "resumed the project",
    "member.added": "added",
    "member.changed": "changed the rights of",
    "member.removed": "removed",
    "invitation.sent": "invited",
    "invitation.changed": "changed the invitation of",
    "invitation.accepted": "accepted the invitation for",
    "invitation.withdrawn": "withdrew the invitation of",
    "field.added": "added the field",
    "field.changed": "changed the field",
    "field.moved": "moved the field",
    "field.archived": "archived the field",
    "field.restored": "restored the field",
    "webhook.created": "created the webhook to",
    "webhook.updated": "changed the webhook to",
    "webhook.rotated": "rotated the secret of the webhook to",
    "webhook.tested": "sent a test to the webhook to",
    "webhook.resent": "sent a delivery again to the webhook to",
    "webhook.disabled": "disabled the webhook to",
    "webhook.deleted": "deleted the webhook to",
    "record.created": "created the record",
    "record.updated": "changed the record",
    "record.deleted": "deleted the record",
    "record.tagged": "added a tag to the record",
    "record.untagged": "removed a tag from the record",
    "record.messaged": "added a message to the record",
    "record.scheduled": "scheduled the record",
    "record.sending": "had sending begin of the record",
    "record.sent": "reported as sent the record",
    "record.failed": "reported as failed the record",
    "record.submitted": "submitted the record",
    "record.approved": "reported as approved the record",
    "record.drafted": "made a draft of the record",
    "record.rejected": "reported as rejected the record",
    "record.sync_requested": "asked for a sync of each record",
}

ICONS: Mapping[str, str] = {
    "key": "key",
    "project": "folder",
    "member": "user",
    "invitation": "mail",
    "record": "database",
    "webhook": "webhook",
    "field": "forms",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One event as the page shows it. `addition` follows the target: ` as member`, `: 60 → 600 per minute`."""

    event: Event
    verb: str
    addition: str
    icon: str
    facts: list[tuple[str, str]]

    @property
    def is_key(self) -> bool:
        return self.event.type.startswith("key.")


def line(event: Event) -> Line:
    subject = event.type.split(".")[0]
    facts = [(name.replace("_", " ").capitalize(), _text(value)) for name, value in event.data.items()]
    return Line(
        event=event,
        verb=VERBS.get(event.type, event.type),
        addition=_ADDITIONS.get(event.type, _nothing)(event.data),
        icon=ICONS.get(subject, "point"),
        facts=[(name, text) for name, text in facts if text],
    )


def _nothing(data: Mapping[str, Any]) -> str:
    return ""


def _role(data: Mapping[str, Any]) -> str:
    return f" as {data['role']}" if data.get("role") else ""


def _change_of_role(data: Mapping[str, Any]) -> str:
    before, after = data.get("from", {}).get("role"), data.get("to", {}).get("role")
    return f": {before} → {after}" if before != after else ": what they may do"


def _reason(data: Mapping[str, Any]) -> str:
    return f": {data['reason']}" if data.get("reason") else ""


def _of_resource(data: Mapping[str, Any]) -> str:
    return f" of {data['resource'].replace('_', ' ')}" if data.get("resource") else ""


def _limit(data: Mapping[str, Any]) -> str:
    return f": {data['from']:,} → {data['to']:,} per minute" if data.get("from") and data.get("to") else ""


_ADDITIONS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "member.added": _role,
    "member.changed": _change_of_role,
    "invitation.sent": _role,
    "invitation.changed": _change_of_role,
    "invitation.accepted": _role,
    "key.revoked": _reason,
    "webhook.disabled": _reason,
    **dict.fromkeys(("field.added", "field.changed", "field.moved", "field.archived", "field.restored"), _of_resource),
    "key.limit_changed": _limit,
}


def _text(value: object) -> str:
    """A fact on one line; "" for nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{name.replace('_', ' ')}: {_text(each) or 'none'}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value)
    return "" if value is None else str(value)
