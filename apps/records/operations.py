"""What is done with records beside creating, changing and deleting them. Each is one transaction with its audit event.

boltkeys itself sends no messages and knows no provider: the events of these operations are told to webhooks, and who
has subscribed does the work (docs/api.md, "Operations").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.audit import service as audit
from apps.audit.events import EventType
from apps.core.actor import Actor
from apps.core.errors import Conflict, FieldError, Invalid, Missing, invalid
from apps.core.fields import Field, pointer
from apps.core.ids import new_id
from apps.core.resources import Resource
from apps.core.text import clean_line
from apps.core.times import parse_moment, rfc3339
from apps.records import service, steps
from apps.records.models import Message, Metrics, Record
from apps.records.moments import next_moment
from apps.records.service import Written
from apps.records.steps import COUNTS, STATUS, Machine, Step, machine_of, verb_of

TAG_MAX = 50
TAGS_MAX = 50

MESSAGE_FIELDS = (
    Field("text", "Text", "long_text", required=True),
    Field("direction", "Direction", "single_choice", options=tuple(Message.Direction.values)),
)


@dataclass(frozen=True, slots=True)
class Said:
    """The message as it was stored, and the names in the data that no member has."""

    message: Message
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sync:
    """When it was asked for, and how many records wait for an answer."""

    at: datetime
    submitted: int


def take_step(
    *,
    actor: Actor,
    project_id: str,
    resource: Resource,
    record_id: str,
    operation: str,
    data: Mapping[str, object],
    strict: bool = False,
) -> Written:
    """The record after `operation` (`steps.MACHINES`), with what `data` says about it. Of two at once one comes first,
    and the other one finds what it has left.

    Raises `Missing` when the project has no such record, `Invalid` with each fault of `data`, and `IllegalStep`.
    """
    machine = _machine(resource)
    step = machine.step(operation)
    cleaned = service.clean(step.takes, data, strict=strict)
    _check_counts(cleaned.values)
    target = str(cleaned.values.get(STATUS) or next(iter(step.leads)))
    with transaction.atomic(durable=True):
        record = service.locked(project_id, resource, record_id)
        before = machine.status_of(record.data)
        if before not in step.leads[target]:
            raise steps.illegal(machine, resource, before, f"{operation} is not possible")
        effect = _EFFECTS.get((resource.slug, target), _nothing)(record, cleaned.values)
        _report(record, step, cleaned.values)
        _audit_step(actor, record, resource, before, target, list(cleaned.values))
        _apply(record, resource, effect, target)
    return Written(record, cleaned.ignored)


def set_tag(*, actor: Actor, project_id: str, resource: Resource, record_id: str, tag: str) -> Record:
    """The record with the tag; one that it has already leaves no trace.

    Raises `Missing`, `Invalid` for what cannot be a tag (`clean_line`), and `Conflict` beyond `TAGS_MAX` tags.
    """
    return _tagged(actor, project_id, resource, record_id, tag, lambda tags, name: {*tags, name})


def remove_tag(*, actor: Actor, project_id: str, resource: Resource, record_id: str, tag: str) -> Record:
    """The record without the tag; one that it does not have leaves no trace. Raises `Missing` and `Invalid`."""
    return _tagged(actor, project_id, resource, record_id, tag, lambda tags, name: tags - {name})


def add_message(
    *,
    actor: Actor,
    project_id: str,
    resource: Resource,
    record_id: str,
    data: Mapping[str, object],
    strict: bool = False,
    message_id: str | None = None,
) -> Said:
    """A new message of the conversation: `data` has its `text`, and `direction` unless it is outbound.

    With a `message_id` that was reserved before, a second call returns what the first one made. Raises `Missing`, and
    `Invalid` with each fault.
    """
    cleaned = service.clean(MESSAGE_FIELDS, data, strict=strict)
    said: dict[str, Any] = {
        "direction": cleaned.values.get("direction") or Message.Direction.OUTBOUND,
        "text": cleaned.values["text"],
        "created_at": partial(next_moment, project_id, resource.slug),  # asked for when the record is locked
    }
    with transaction.atomic(durable=True):
        record = service.locked(project_id, resource, record_id)
        message, is_new = Message.objects.get_or_create(pk=message_id or new_id("mes"), record=record, defaults=said)
        if is_new:
            _apply(record, resource, {"last_message_at": rfc3339(message.created_at)})
            facts = {"message_id": message.id, "direction": message.direction}
            _audit(EventType.RECORD_MESSAGED, actor, record, resource, **facts)
    return Said(message, cleaned.ignored)


def request_sync(*, actor: Actor, project_id: str, resource: Resource) -> Sync:
    """Asks who has subscribed to bring the project's records in line with the provider, by way of an event."""
    waiting = Record.objects.filter(project_id=project_id, resource=resource.slug, data__status="submitted")
    with transaction.atomic(durable=True):
        event = audit.record(
            EventType.RECORD_SYNC_REQUESTED,
            actor=actor,
            project_id=project_id,
            target_label=resource.singular,
            data={"resource": resource.slug},
        )
        return Sync(event.at, waiting.count())


def _machine(resource: Resource) -> Machine:
    machine = machine_of(resource)
    if machine is None:
        raise Missing(f"{resource.label} have no such operation here.")
    return machine


def _check_counts(values: Mapping[str, object]) -> None:
    below = [name for name in COUNTS if isinstance(value := values.get(name), int) and value < 0]
    if below:
        raise Invalid([FieldError(pointer(name), "A count is 0 or more.", "range") for name in below])


def _apply(record: Record, resource: Resource, values: Mapping[str, object], status: str | None = None) -> None:
    """Writes the values of those fields that the resource has; None empties one."""
    names = {field.name for field in resource.fields}
    new = {name: value for name, value in values.items() if name in names}
    merged = record.data | new | ({STATUS: status} if status else {})
    record.data = {name: value for name, value in merged.items() if value is not None}
    _touch(record, "data")


def _touch(record: Record, column: str) -> None:
    record.updated_at = next_moment(record.project_id, record.resource)
    record.save(update_fields=[column, "updated_at"])


def _scheduled(record: Record, values: Mapping[str, object]) -> dict[str, object]:
    """The time that was sent, else now."""
    now = timezone.now()
    given = values.get("scheduled_at")
    if given is None:
        return {"scheduled_at": rfc3339(now)}
    if parse_moment(str(given), pointer="/scheduled_at") < now:
        raise invalid("/scheduled_at", "Scheduled at is in the past. Leave it out for now.", "past")
    return {"scheduled_at": given}


def _unscheduled(record: Record, values: Mapping[str, object]) -> dict[str, object]:
    return {"scheduled_at": None}


def _sent(record: Record, values: Mapping[str, object]) -> dict[str, object]:
    return {"sent_at": record.data.get("sent_at") or rfc3339(timezone.now()), **_counted(record, values)}


def _counted(record: Record, values: Mapping[str, object]) -> dict[str, object]:
    """What the record has fields for: it never says another number than the metrics."""
    return {name: values[name] for name in COUNTS if values.get(name) is not None}


def _rejected(record: Record, values: Mapping[str, object]) -> dict[str, object]:
    return {"rejection_reason": values.get("rejection_reason")}


def _accepted(record: Record, values: Mapping[str, object]) -> dict[str, object]:
    return {"rejection_reason": None}


def _nothing(record: Record, values: Mapping[str, object]) -> dict[str, object]:
    return {}


_Effect = Callable[[Record, Mapping[str, object]], dict[str, object]]

_EFFECTS: Mapping[tuple[str, str], _Effect] = {
    ("broadcasts", "scheduled"): _scheduled,
    ("broadcasts", "draft"): _unscheduled,
    ("broadcasts", "sending"): _counted,
    ("broadcasts", "sent"): _sent,
    ("broadcasts", "failed"): _counted,
    ("templates", "submitted"): _accepted,
    ("templates", "approved"): _accepted,
    ("templates", "rejected"): _rejected,
}
"""What else a record is told when it reaches a status."""


def _report(record: Record, step: Step, values: Mapping[str, object]) -> None:
    """Counts that are not named stay what they were."""
    if not any(field.name in COUNTS for field in step.takes):
        return
    metrics = Metrics.objects.filter(record=record).first() or Metrics(record=record)
    metrics.counts = metrics.counts | {name: values[name] for name in COUNTS if values.get(name) is not None}
    metrics.reason = str(values.get("reason") or "")
    metrics.reported_at = timezone.now()
    metrics.save()


def _audit_step(actor: Actor, record: Record, resource: Resource, before: str, after: str, names: list[str]) -> None:
    event = EventType(f"record.{verb_of(before, after)}")
    _audit(event, actor, record, resource, fields=sorted({STATUS, *names}), before=before, status=after)


def _tagged(
    actor: Actor,
    project_id: str,
    resource: Resource,
    record_id: str,
    tag: str,
    change: Callable[[set[str], str], set[str]],
) -> Record:
    name = clean_line(tag, pointer="{tag}", what="tag", longest=TAG_MAX)
    if name in (".", ".."):  # most clients take such a part out of a path before they send it
        raise invalid("{tag}", "A tag cannot be a dot or two.", "format")
    with transaction.atomic(durable=True):
        record = service.locked(project_id, resource, record_id)
        had, has = set(record.tags), change(set(record.tags), name)
        if len(has) > max(TAGS_MAX, len(had)):
            raise Conflict(f"A {resource.singular} has at most {TAGS_MAX} tags. Remove one first.")
        if has != had:
            event = EventType.RECORD_TAGGED if name in has else EventType.RECORD_UNTAGGED
            _audit(event, actor, record, resource, fields=["tags"])
            record.tags = sorted(has)
            _touch(record, "tags")
    return record


def _audit(event: EventType, actor: Actor, record: Record, resource: Resource, **facts: Any) -> None:
    audit.record(
        event,
        actor=actor,
        project_id=record.project_id,
        target_id=record.id,
        target_label=resource.singular,
        data={"resource": resource.slug, **facts},
    )
