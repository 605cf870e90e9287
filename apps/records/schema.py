"""Which fields a resource has in a project."""

from __future__ import annotations

from typing import Any

from apps.core.fields import Field
from apps.core.resources import Resource
from apps.records import steps


def fields_of(project_id: str, resource: Resource) -> tuple[Field, ...]:
    """The fields of the resource's records in this project, in order: at present those of its catalogue."""
    return resource.fields


def owned_fields(resource: Resource) -> frozenset[str]:
    """Names of the fields that operations alone write: a client that sends one is as one that sends an unknown name."""
    machine = steps.machine_of(resource)
    return machine.owned if machine else frozenset()


def schema_json(project_id: str, resource: Resource) -> dict[str, Any]:
    """The fields as a client sees them: `{"resource", "dynamic", "fields": [{"name", "label", "type", …}]}`."""
    fields = fields_of(project_id, resource)
    return {"resource": resource.slug, "dynamic": resource.dynamic, "fields": [_field_json(field) for field in fields]}


def _field_json(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "required": field.required,
        "options": list(field.options),
        "description": field.description,
    }
