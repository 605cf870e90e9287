"""What administrators do to the fields of contacts, and what others write meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.core.errors import Invalid
from apps.core.resources import Resource
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import fields, models, queries, schema, service
from apps.records.fields import Definition
from tests import make

CONTACTS = catalogues.get("bolten").resources["contacts"]
OPPORTUNITIES = catalogues.get("bolten").resources["opportunities"]
BUILT_IN = [field.name for field in CONTACTS.fields]
BUDGET = Definition("budget", "Budget", "number")


def add(project: Project, name: str = "budget", type: str = "number", **over: Any) -> models.Field:
    definition = Definition(name, over.pop("label", name.capitalize()), type, **over)
    return fields.add_field(actor=make.TESTER, project_id=project.id, resource=CONTACTS, definition=definition)


def change(project: Project, key: str, *, revision: int | None = None, **over: Any) -> models.Field:
    """What is not in `over` stays as it is."""
    seen = next(entry for entry in schema.all_fields(project.id, CONTACTS) if entry.field.key == key)
    now = seen.field
    settings: dict[str, Any] = {"name": now.name, "label": now.label, "type": now.type, "required": now.required}
    settings |= {"options": now.options, "description": now.description} | over
    return fields.change_field(
        actor=make.TESTER,
        project_id=project.id,
        resource=CONTACTS,
        key=key,
        revision=seen.revision if revision is None else revision,
        definition=Definition(**settings),
    )


def archive(project: Project, key: str) -> models.Field:
    return fields.archive_field(actor=make.TESTER, project_id=project.id, resource=CONTACTS, key=key)


def restore(project: Project, key: str) -> models.Field:
    return fields.restore_field(actor=make.TESTER, project_id=project.id, resource=CONTACTS, key=key)


def move(project: Project, key: str, *, up: bool) -> models.Field:
    return fields.move_field(actor=make.TESTER, project_id=project.id, resource=CONTACTS, key=key, up=up)


def create(project: Project, **data: object) -> service.Written:
    data = {"name": "Ann"} | data
    return service.create_record(actor=make.TESTER, project_id=project.id, resource=CONTACTS, data=data)


def update(project: Project, written: service.Written, **data: object) -> service.Written:
    return service.update_record(
        actor=make.TESTER, project_id=project.id, resource=CONTACTS, record_id=written.record.id, data=data
    )


def shown(project: Project, written: service.Written) -> dict[str, Any]:
    """The record as the API shows it now."""
    record = queries.record_in(project.id, CONTACTS, written.record.id)
    assert record is not None
    return queries.record_json(record, schema.fields_of(project.id, CONTACTS), CONTACTS)


def names(project: Project, resource: Resource = CONTACTS) -> list[str]:
    return [field.name for field in schema.fields_of(project.id, resource)]


def faults(act: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        act()
    return [(error.pointer, error.code) for error in caught.value.errors]


def fill(project: Project, count: int) -> None:
    """Adds fields until there are `count`."""
    there = models.Field.objects.count()
    models.Field.objects.bulk_create(
        models.Field(
            project=project, resource="contacts", key=f"k{n}", name=f"n{n}", label=f"L{n}", type="text", order=n + 99
        )
        for n in range(there, count)
    )
