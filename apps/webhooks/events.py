"""What can be subscribed to, and what a delivery says about it.

Payloads are thin: who wants the record fetches it, with a key and its permissions. What is kept with a delivery then
outlives no record, and nothing is sent that the receiver may not read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.audit.models import Event
from apps.core.catalogue import Catalogue
from apps.core.resources import Resource
from apps.core.times import rfc3339
from apps.records import steps

KEY_EVENTS: Mapping[str, str] = {
    "key.created": "A key was created",
    "key.expiring": "A key expires within seven days",
    "key.expired": "A key has expired",
    "key.rotated": "A key got a successor",
    "key.revoked": "A key was revoked",
    "key.deleted": "A key was deleted",
    "key.used_after_end": "Somebody uses a key that has ended",
}

TEST = "webhook.test"
"""Sent by hand; nobody subscribes to it."""

_METHODS: Mapping[str, str] = {"POST": "created", "PATCH": "updated", "DELETE": "deleted"}

_VERBS: Mapping[str, str] = {
    "created": "was created",
    "updated": "was changed",
    "deleted": "was deleted",
    "tagged": "got a tag",
    "untagged": "lost a tag",
    "messaged": "has a new message",
    "drafted": "is a draft again",
    "scheduled": "was scheduled",
    "sending": "is to be sent",
    "sent": "was sent",
    "failed": "could not be sent",
    "submitted": "is to be approved",
    "approved": "was approved",
    "rejected": "was rejected",
    "sync_requested": "is to be synced, and all others",
}


def offered(catalogue: Catalogue) -> list[tuple[str, dict[str, str]]]:
    """What projects with this catalogue can subscribe to, in groups: label, and the events with a sentence for each."""
    groups = [(r.label, _of(r)) for r in catalogue.resources.values() if r.kind == "records"]
    return [*(group for group in groups if group[1]), ("API keys", dict(KEY_EVENTS))]


def names(catalogue: Catalogue) -> list[str]:
    """All of them, in the order in which they are offered."""
    return [name for _, events in offered(catalogue) for name in events]


def name_of(event: Event) -> str | None:
    """The event by the name that is subscribed to (`lead.created`); None when it can't be."""
    subject, _, verb = event.type.partition(".")
    if subject == "record":
        return f"{event.target_label}.{verb}"
    return event.type if event.type in KEY_EVENTS else None


def data_of(event: Event) -> dict[str, Any]:
    """The `data` of the payload: which one it is, what is known of the change, and who caused it."""
    named = {"name": event.target_label} if event.type in KEY_EVENTS else {}
    known = {"id": event.target_id, "project_id": event.project_id, **named, **event.data}
    return {**known, "actor": {"type": event.actor_kind, "id": event.actor_id}}


def payload(name: str, at: datetime, data: Mapping[str, Any]) -> str:
    """The body, in the form of Standard Webhooks: `{"type", "timestamp", "data"}`, ASCII."""
    return json.dumps({"type": name, "timestamp": rfc3339(at), "data": data})


def _of(resource: Resource) -> dict[str, str]:
    """Those alone that a method or an operation of the catalogue can cause."""
    caused = {verb for method, verb in _METHODS.items() if method in resource.methods} | {*steps.verbs(resource)}
    subject = _spoken(resource.singular)
    return {f"{resource.singular}.{verb}": f"{subject} {did}" for verb, did in _VERBS.items() if verb in caused}


def _spoken(singular: str) -> str:
    word = singular.replace("_", " ")
    return f"{'An' if word[0] in 'aeio' else 'A'} {word}"
