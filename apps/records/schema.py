"""Which fields a resource has in a project.

The catalogue's are those that every project starts with. Where they are dynamic, the first change that an administrator
makes writes them all down as rows of the project (`fields.py`), and from then on the rows alone count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.core.fields import Field
from apps.core.resources import Resource
from apps.records import locks, models, steps


@dataclass(frozen=True, slots=True)
class Configured:
    """A field as administrators see it. `revision` goes up with each change; `archived_at` is None while it is used."""

    field: Field
    revision: int = 0
    archived_at: datetime | None = None


def fields_of(project_id: str, resource: Resource) -> tuple[Field, ...]:
    """The fields of the resource's records in this project, in order, without those that are archived.

    A built-in field keeps the `key` that is its name in the catalogue, whatever it is called now. One query where the
    fields are dynamic, else none.
    """
    return tuple(entry.field for entry in all_fields(project_id, resource) if entry.archived_at is None)


def held_fields(project_id: str, resource: Resource) -> tuple[Field, ...]:
    """The same, for who writes a record by them: they stay so until the transaction is over."""
    if resource.dynamic:
        locks.hold_fields(project_id, resource)
    return fields_of(project_id, resource)


def all_fields(project_id: str, resource: Resource) -> tuple[Configured, ...]:
    """Every field, archived ones too, in order. Those of the catalogue have the revision 0 until one is changed."""
    if resource.dynamic:
        rows = models.Field.objects.filter(project_id=project_id, resource=resource.slug).order_by("order", "id")
        configured = tuple(Configured(_field(row), row.revision, row.archived_at) for row in rows)
        if configured:
            return configured
    return tuple(Configured(field) for field in resource.fields)


def owned_fields(resource: Resource) -> frozenset[str]:
    """Keys of the fields that operations alone write: a client that sends one is as one that sends an unknown name."""
    machine = steps.machine_of(resource)
    return machine.owned if machine else frozenset()


def schema_json(project_id: str, resource: Resource) -> dict[str, Any]:
    """The fields as a client sees them: `{"resource", "dynamic", "fields": [{"name", "label", "type", …}]}`."""
    fields = fields_of(project_id, resource)
    return {"resource": resource.slug, "dynamic": resource.dynamic, "fields": [_field_json(field) for field in fields]}


def _field(row: models.Field) -> Field:
    options = tuple(row.options)
    return Field(row.name, row.label, row.type, row.required, options, row.description, row.key)


def _field_json(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "required": field.required,
        "options": list(field.options),
        "description": field.description,
    }
