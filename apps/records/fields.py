"""Changing which fields a resource has in a project. Each is one transaction with its audit event.

No value is ever touched: records hold them by the field's key, which is never changed and never given to another field.
So a field can be renamed, archived and restored at any time, also while records are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.audit import service as audit
from apps.audit.events import EventType
from apps.core import fields
from apps.core.actor import Actor
from apps.core.errors import Conflict, FieldError, Invalid, Missing
from apps.core.ids import new_id
from apps.core.resources import Resource
from apps.records import locks, queries, schema
from apps.records.models import Field

USED_MAX = 100
"""Fields of a resource that are in use: each is a column to read, and a member of every answer."""

ALL_MAX = 300
"""With those that are archived: all are read with each request."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a field is to be, as somebody typed it."""

    name: str
    label: str
    type: str
    required: bool = False
    options: Sequence[str] = ()
    description: str = ""


def add_field(*, actor: Actor, project_id: str, resource: Resource, definition: Definition) -> Field:
    """A new field, after all others. Records that exist already have no value of it.

    Raises `Invalid` with each fault of the definition (`fields.define`, and `taken` for a name or label that another
    field has), `Conflict` where there are `USED_MAX` or `ALL_MAX` already, and `Missing` where fields are not dynamic.
    """
    with transaction.atomic(durable=True):
        rows = _rows(project_id, resource)
        checked = _checked(definition, resource, rows)
        _check_room(rows, resource)
        field_id = new_id("fld")
        row = _row(project_id, resource, checked, order=max((row.order for row in rows), default=0) + 1)
        row.id = row.key = field_id
        row.save(force_insert=True)
        _audit(EventType.FIELD_ADDED, actor, row, **_settings(row))
    return row


def change_field(
    *, actor: Actor, project_id: str, resource: Resource, key: str, revision: int, definition: Definition
) -> Field:
    """The field as `definition` has it, if it still has the `revision` that was seen; what changes nothing leaves no
    trace. Values stay: those that the new settings do not allow are still read, and are judged when they are written.

    Raises as `add_field`, with the code `type` for a type that could not read what is stored and `fixed` for what a
    built-in field keeps; `Conflict` (`changed_meanwhile`) for another revision; `Missing` without such a field.
    """
    with transaction.atomic(durable=True):
        rows = _rows(project_id, resource)
        row = _find(rows, key)
        if row.revision != revision:
            raise Conflict("Somebody else has changed this field meanwhile.", "changed_meanwhile")
        checked = _checked(definition, resource, rows, row)
        _check_kept(row, checked, resource)
        before = _settings(row)
        _apply(row, checked)
        changed = [name for name, value in _settings(row).items() if value != before[name]]
        if changed:
            _save(row, "name", "label", "type", "required", "options", "description")
            facts = {"from": {n: before[n] for n in changed}, "to": {n: _settings(row)[n] for n in changed}}
            _audit(EventType.FIELD_CHANGED, actor, row, **facts)
    return row


def archive_field(*, actor: Actor, project_id: str, resource: Resource, key: str) -> Field:
    """The field, which no request knows any more, by name or otherwise; its values are kept. One that is archived
    already leaves no trace.

    Raises `Missing`, and `Conflict` for a field that operations write.
    """
    with transaction.atomic(durable=True):
        row = _find(_rows(project_id, resource), key)
        if key in schema.owned_fields(resource):
            raise Conflict(f"Operations of {resource.label.lower()} write this field: it cannot be archived.")
        if row.archived_at is None:
            row.archived_at = timezone.now()
            _save(row, "archived_at")
            _audit(EventType.FIELD_ARCHIVED, actor, row)
    return row


def restore_field(*, actor: Actor, project_id: str, resource: Resource, key: str) -> Field:
    """The field in use again, in its old place and with all its values. One that is in use leaves no trace.

    Raises `Missing`, and `Conflict` where its label is taken meanwhile or `USED_MAX` fields are in use.
    """
    with transaction.atomic(durable=True):
        rows = _rows(project_id, resource)
        row = _find(rows, key)
        if row.archived_at is not None:
            _check_used(rows, resource)
            _check_label(row, rows)
            row.archived_at = None
            _save(row, "archived_at")
            _audit(EventType.FIELD_RESTORED, actor, row)
    return row


def move_field(*, actor: Actor, project_id: str, resource: Resource, key: str, up: bool) -> Field:
    """The field one place up or down among those in use; at the end, nothing happens. Raises `Missing`."""
    with transaction.atomic(durable=True):
        used = [row for row in _rows(project_id, resource) if row.archived_at is None]
        row = _find(used, key)
        place = used.index(row) + (-1 if up else 1)
        if 0 <= place < len(used):
            other = used[place]
            row.order, other.order = other.order, row.order
            Field.objects.bulk_update([row, other], ["order"])
            _audit(EventType.FIELD_MOVED, actor, row, place=place + 1)
    return row


def _rows(project_id: str, resource: Resource) -> list[Field]:
    """Every field as a row, in order, which nobody else changes until the transaction is over. The first change of a
    project writes down the catalogue's."""
    if not resource.dynamic:
        raise Missing(f"The fields of {resource.label.lower()} are the same in every project.")
    locks.change_fields(project_id, resource)
    found = list(Field.objects.filter(project_id=project_id, resource=resource.slug).order_by("order", "id"))
    built_in = [_row(project_id, resource, field, order) for order, field in enumerate(resource.fields, start=1)]
    return found or Field.objects.bulk_create(built_in)


def _row(project_id: str, resource: Resource, field: fields.Field, order: int) -> Field:
    row = Field(project_id=project_id, resource=resource.slug, key=field.key, order=order)
    _apply(row, field)
    return row


def _apply(row: Field, field: fields.Field) -> None:
    row.name, row.label, row.type, row.required = field.name, field.label, field.type, field.required
    row.options, row.description = list(field.options), field.description


def _find(rows: Sequence[Field], key: str) -> Field:
    row = next((row for row in rows if row.key == key), None)
    if row is None:
        raise Missing("There is no such field.")
    return row


def _checked(
    definition: Definition, resource: Resource, rows: Sequence[Field], row: Field | None = None
) -> fields.Field:
    """The definition as a field. `row` is the one that it changes."""
    errors: list[FieldError] = []
    others = [other for other in rows if other is not row]
    try:
        checked = fields.define(
            name=definition.name,
            label=definition.label,
            type=definition.type,
            required=definition.required,
            options=definition.options,
            description=definition.description,
        )
        errors += _taken_label(checked.label, others)
    except Invalid as invalid:
        errors += invalid.errors
    errors += _taken_name(definition.name, resource, others)
    if errors:
        raise Invalid(errors)
    return checked


def _taken_name(name: str, resource: Resource, others: Sequence[Field]) -> list[FieldError]:
    if name == "tags" and "tags" in resource.operations:
        return [FieldError("/name", "Every record here has tags already. Choose another name.", "reserved")]
    other = next((other for other in others if other.name == name), None)
    if other is None:
        return []
    cure = "Restore it, or give it another name first." if other.archived_at else "Choose another name."
    kind = "archived field" if other.archived_at else "field"
    return [FieldError("/name", f"The {kind} “{other.label}” has this name. {cure}", "taken")]


def _taken_label(label: str, others: Sequence[Field]) -> list[FieldError]:
    """People tell fields apart by their labels."""
    used = {other.label.casefold() for other in others if other.archived_at is None}
    if label.casefold() in used:
        return [FieldError("/label", f"Another field is labelled “{label}” already. Choose another label.", "taken")]
    return []


def _check_label(row: Field, rows: Sequence[Field]) -> None:
    if _taken_label(row.label, [other for other in rows if other is not row]):
        detail = f"A field labelled “{row.label}” is in use. Give one of the two another label first."
        raise Conflict(detail, "taken")


def _check_room(rows: Sequence[Field], resource: Resource) -> None:
    _check_used(rows, resource)
    if len(rows) >= ALL_MAX:
        detail = f"{resource.label} have {ALL_MAX} fields with those that are archived: restore one, and rename it."
        raise Conflict(detail, "too_many")


def _check_used(rows: Sequence[Field], resource: Resource) -> None:
    if sum(row.archived_at is None for row in rows) >= USED_MAX:
        raise Conflict(f"{resource.label} have {USED_MAX} fields, and no room for more: archive one first.", "too_many")


def _check_kept(row: Field, to: fields.Field, resource: Resource) -> None:
    """What cannot be changed of the field that exists."""
    if row.key in schema.owned_fields(resource) and (row.name, row.options) != (to.name, list(to.options)):
        raise Invalid([FieldError("/name", "Operations write this field: its name and options stay.", "fixed")])
    if row.type == to.type:
        return
    if any(row.key == field.key for field in resource.fields):
        raise Invalid([FieldError("/type", "A built-in field keeps its type. Archive it and add another.", "fixed")])
    if to.type not in fields.WIDER.get(row.type, ()) and queries.has_values(row.project_id, resource, row.key):
        raise Invalid([FieldError("/type", _type_fault(row), "type")])


def _type_fault(row: Field) -> str:
    wider = [fields.TYPES[name] for name in fields.TYPES if name in fields.WIDER.get(row.type, ())]
    instead = f"It can become: {', '.join(wider)}. " if wider else ""
    return f"Records have values of this field. {instead}For another type, archive it and add another field."


def _save(row: Field, *columns: str) -> None:
    row.revision += 1
    row.updated_at = timezone.now()
    row.save(update_fields=[*columns, "revision", "updated_at"])


def _settings(row: Field) -> dict[str, Any]:
    return {
        "name": row.name,
        "label": row.label,
        "type": row.type,
        "required": row.required,
        "options": row.options,
        "description": row.description,
    }


def _audit(event: EventType, actor: Actor, row: Field, **facts: Any) -> None:
    data = {"resource": row.resource, "name": row.name, **facts}
    audit.record(event, actor=actor, project_id=row.project_id, target_id=row.id, target_label=row.label, data=data)
