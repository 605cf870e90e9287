"""The one writer of the audit. Called by every service function, in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.audit.events import EventType
from apps.audit.models import Event
from apps.core.actor import Actor

Listener = Callable[[Event], None]

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Has `listener` called with each event, in the transaction that writes it. For apps above, when they start."""
    if listener not in _listeners:
        _listeners.append(listener)


def record(
    event: EventType,
    *,
    actor: Actor,
    project_id: str = "",
    target_id: str = "",
    target_label: str = "",
    data: Mapping[str, Any] | None = None,
) -> Event:
    """Writes one event. `data` holds what changed, never a secret. Raises outside of a transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An audit event belongs in the transaction of the change that it records.")
    written = Event.objects.create(
        at=timezone.now(),
        type=event,
        project_id=project_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label[:254],
        ip=actor.ip,
        request_id=actor.request_id or "",
        target_id=target_id,
        target_label=target_label[:254],
        data=dict(data or {}),
    )
    for listener in _listeners:
        listener(written)
    return written
