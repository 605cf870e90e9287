"""Changing records. Page and endpoint call these; each is one transaction with its audit event.

What was written is audited by the names of the fields, not by their values: the audit outlives the record, and people
have a right to have what is known about them deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from apps.audit import service as audit
from apps.audit.events import EventType
from apps.core import values
from apps.core.actor import Actor
from apps.core.errors import Conflict, FieldError, Invalid, Missing
from apps.core.fields import Field, pointer
from apps.core.ids import new_id
from apps.core.resources import Resource
from apps.records import queries, schema, steps
from apps.records.models import Record
from apps.records.moments import next_moment


@dataclass(frozen=True, slots=True)
class Written:
    """The record as it is now, the names in the data that no field has, and the fields that it was written by."""

    record: Record
    ignored: tuple[str, ...]
    fields: tuple[Field, ...] = ()


def create_record(
    *,
    actor: Actor,
    project_id: str,
    resource: Resource,
    data: Mapping[str, object],
    strict: bool = False,
    record_id: str | None = None,
) -> Written:
    """A new record of `resource` with the values of `data`, by field name; None leaves a field empty.

    Fields that operations alone write (`steps`) are no fields here. `strict` refuses names that no field has. With a
    `record_id` that was reserved before, a second call returns what the first one made. Raises `Invalid` with each
    faulty field.
    """
    with transaction.atomic(durable=True):
        known = schema.held_fields(project_id, resource)
        cleaned = _clean(known, resource, data, strict=strict, partial=False)
        filled = _filled(_initial(resource) | _stored(known, cleaned))
        record = Record(id=record_id or new_id("rec"), project_id=project_id, resource=resource.slug, data=filled)
        try:
            with transaction.atomic():
                _audit(EventType.RECORD_CREATED, actor, record, resource, _names(known, filled))
                record.created_at = record.updated_at = next_moment(project_id, resource.slug)
                record.save(force_insert=True)
        except IntegrityError:
            if record_id is None:
                raise
            record = Record.objects.get(pk=record_id, project_id=project_id, resource=resource.slug)
    return Written(record, cleaned.ignored, known)


def update_record(
    *,
    actor: Actor,
    project_id: str,
    resource: Resource,
    record_id: str,
    data: Mapping[str, object],
    strict: bool = False,
    seen: Mapping[str, object] | None = None,
) -> Written:
    """The record with the values of `data` in place of its own; fields that are not named stay, None empties one.

    Data that changes nothing leaves no trace. A change of the content may lead to another status (`steps`), which is an
    event of its own. `seen` are values, by field name, on which the change was decided: where the record has others by
    now, nothing is written. Raises `Invalid` with each faulty field, `Missing` when the project has no such record,
    `Conflict` (`changed_meanwhile`), and `IllegalStep` in a status in which the content stays.
    """
    with transaction.atomic(durable=True):
        known = schema.held_fields(project_id, resource)
        cleaned = _clean(known, resource, data, strict=strict, partial=True)
        record = locked(project_id, resource, record_id)
        before, record.data = record.data, _filled(record.data | _stored(known, cleaned))
        changed = [key for key in before | record.data if before.get(key) != record.data.get(key)]
        if changed and seen:
            _refuse_unseen(known, before, seen)
        if changed:
            edit = _edit(resource, known, before, changed)
            _audit(EventType.RECORD_UPDATED, actor, record, resource, _names(known, changed))
            _follow(edit, actor, record, resource)
            record.updated_at = next_moment(project_id, resource.slug)
            record.save(update_fields=["data", "updated_at"])
    return Written(record, cleaned.ignored, known)


def delete_record(*, actor: Actor, project_id: str, resource: Resource, record_id: str) -> Record:
    """The record as it was. Raises `Missing` when the project has no such record (any more)."""
    with transaction.atomic(durable=True):
        known = schema.fields_of(project_id, resource)
        record = locked(project_id, resource, record_id)
        Record.objects.filter(pk=record.pk).delete()
        _audit(EventType.RECORD_DELETED, actor, record, resource, _names(known, record.data))
    return record


def _refuse_unseen(known: Sequence[Field], before: Mapping[str, object], seen: Mapping[str, object]) -> None:
    keys = {field.name: field.key for field in known}
    if any(name not in keys or before.get(keys[name]) != value for name, value in seen.items()):
        raise Conflict("Somebody else has changed this record meanwhile.", "changed_meanwhile")


def _edit(
    resource: Resource, known: Sequence[Field], before: Mapping[str, object], changed: Collection[str]
) -> tuple[str, str] | None:
    """The status before and after a change of the content; None for a change of nothing that is content."""
    machine = steps.machine_of(resource)
    content = [key for key in changed if key not in machine.free] if machine else []
    if machine is None or not content:
        return None
    state = machine.status_of(before)
    if state not in machine.edits:
        raise steps.fixed(machine, resource, state, _names(known, content))
    return state, machine.edits[state]


def _follow(edit: tuple[str, str] | None, actor: Actor, record: Record, resource: Resource) -> None:
    """Takes the step to another status that a change of the content is."""
    if edit is None or edit[0] == edit[1]:
        return
    before, after = edit
    record.data |= {steps.STATUS: after}
    event = EventType(f"record.{steps.verb_of(before, after)}")
    _audit(event, actor, record, resource, [steps.STATUS], before=before, status=after)


def _clean(
    known: Sequence[Field], resource: Resource, data: Mapping[str, object], *, strict: bool, partial: bool
) -> values.Cleaned:
    owned = schema.owned_fields(resource)
    writable = [field for field in known if field.key not in owned]
    return clean(writable, data, strict=strict, partial=partial, owned=owned)


def _stored(known: Sequence[Field], cleaned: values.Cleaned) -> dict[str, object]:
    """The values by key, in the order of the fields."""
    return {field.key: cleaned.values[field.name] for field in known if field.name in cleaned.values}


def _names(known: Sequence[Field], keys: Collection[str]) -> list[str]:
    """What the keys are called at present. What no field in use has is not named."""
    return [field.name for field in known if field.key in keys]


def clean(
    known: Sequence[Field],
    data: Mapping[str, object],
    *,
    strict: bool,
    partial: bool = False,
    owned: Collection[str] = (),
) -> values.Cleaned:
    """`values.clean`, which also refuses, if `strict`, the names that are no field or are `owned` by operations."""
    errors: Sequence[FieldError] = _unknown(known, data, owned) if strict else ()
    try:
        cleaned = values.clean(known, data, partial=partial)
    except Invalid as fault:
        raise Invalid([*fault.errors, *errors]) from None
    if errors:
        raise Invalid(errors)
    return cleaned


def _unknown(known: Sequence[Field], data: Mapping[str, object], owned: Collection[str]) -> list[FieldError]:
    names = {field.name for field in known}
    return [
        FieldError(pointer(name), _BY_OPERATION, "read_only")
        if name in owned
        else FieldError(pointer(name), "There is no such field. Names count exactly, case and all.", "unknown_field")
        for name in data
        if name not in names
    ]


_BY_OPERATION = "Operations alone set this. Leave it out."


def _initial(resource: Resource) -> dict[str, object]:
    machine = steps.machine_of(resource)
    return {steps.STATUS: machine.initial} if machine else {}


def _filled(values: Mapping[str, object]) -> dict[str, object]:
    """Empty fields are not stored: a record from before a field was added and one that leaves it empty are alike."""
    return {name: value for name, value in values.items() if value is not None}


def locked(project_id: str, resource: Resource, record_id: str) -> Record:
    """The record, which nobody else changes until the transaction is over. Raises `Missing`."""
    record = queries.records_with(project_id, resource, record_id).select_for_update().first()
    if record is None:
        raise Missing(f"There is no {resource.singular.replace('_', ' ')} with this ID.")
    return record


def _audit(
    event: EventType, actor: Actor, record: Record, resource: Resource, names: list[str], **facts: object
) -> None:
    audit.record(
        event,
        actor=actor,
        project_id=record.project_id,
        target_id=record.id,
        target_label=resource.singular,
        data={"resource": resource.slug, "fields": sorted(names), **facts},
    )
