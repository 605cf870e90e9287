"""Reading the audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.audit.events import EventType
from apps.audit.models import Event


def events_of(
    project_id: str, *, subject: str = "", actor: str = "", about: str = "", since: datetime | None = None
) -> QuerySet[Event]:
    """The project's events, the newest first.

    `subject` is the first word of a type (`key`, `member`); `actor` and `about` are parts of labels, or whole
    IDs.
    """
    events = Event.objects.filter(project_id=project_id)
    if subject:
        events = events.filter(type__in=[t.value for t in EventType if t.value.startswith(f"{subject}.")])
    if actor:
        events = events.filter(Q(actor_label__icontains=actor) | Q(actor_id=actor))
    if about:
        events = events.filter(Q(target_label__icontains=about) | Q(target_id=about))
    if since:
        events = events.filter(at__gte=since)
    return events


def history(target_id: str) -> QuerySet[Event]:
    """All events about one thing, such as a key, the newest first."""
    return Event.objects.filter(target_id=target_id)


def histories(target_ids: QuerySet[Any]) -> QuerySet[Event]:
    """All events about any of several things, the newest first. `target_ids` is a query for one column."""
    return Event.objects.filter(target_id__in=target_ids)


def has_happened(event: EventType, *, target_id: str, ip: str, since: datetime) -> bool:
    """Whether there is such an event about `target_id` from the address `ip`."""
    return Event.objects.filter(target_id=target_id, type=event, ip=ip, at__gte=since).exists()


def about(column: str, event: EventType, *, since: datetime | None = None) -> Exists:
    """For a filter: whether there is such an event about the ID in `column` of the rows that are filtered."""
    return Exists(_since(Event.objects.filter(target_id=OuterRef(column), type=event), since))


def has_been(event: EventType, *, target_id: str, since: datetime | None = None) -> bool:
    """Whether there is such an event about `target_id`."""
    return _since(Event.objects.filter(target_id=target_id, type=event), since).exists()


def _since(events: QuerySet[Event], since: datetime | None) -> QuerySet[Event]:
    return events.filter(at__gte=since) if since else events
