"""The services that page and endpoint call to change records."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from apps.audit.models import Event
from apps.core.errors import Invalid, Missing
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import service
from apps.records.models import Record
from tests import make

LEADS = catalogues.get("boltcall").resources["leads"]
CALLS = catalogues.get("boltcall").resources["calls"]


def create(project: Project, record_id: str | None = None, **data: object) -> service.Written:
    return service.create_record(
        actor=make.TESTER, project_id=project.id, resource=LEADS, data={"name": "Ann", **data}, record_id=record_id
    )


def update(project: Project, record: Record, **data: object) -> service.Written:
    return service.update_record(
        actor=make.TESTER, project_id=project.id, resource=LEADS, record_id=record.id, data=data
    )


def test_create_returns_the_row_and_what_it_ignored(project: Project) -> None:
    written = create(project, foo=1, Name="x")
    assert written.ignored == ("foo", "Name")
    assert written.record == Record.objects.get()
    assert (written.record.resource, written.record.data) == ("leads", {"name": "Ann"})


def test_every_change_has_its_event_and_a_refused_one_has_none(project: Project) -> None:
    record = create(project).record
    update(project, record, notes="x")
    with pytest.raises(Invalid):
        update(project, record, value="x")
    service.delete_record(actor=make.TESTER, project_id=project.id, resource=LEADS, record_id=record.id)
    events = list(Event.objects.order_by("at").values_list("type", "target_id", "target_label", "actor_label"))
    assert events == [
        (f"record.{what}", record.id, "lead", make.TESTER.label) for what in ("created", "updated", "deleted")
    ]


def test_reserved_id_makes_one_record_however_often_it_is_used(project: Project) -> None:
    reserved = "rec_" + "0" * 22
    first, second = create(project, reserved), create(project, reserved)
    assert first.record == second.record == Record.objects.get()
    assert Event.objects.count() == 1


def test_reserved_id_of_another_project_shows_nothing_of_it(project: Project) -> None:
    reserved = "rec_" + "0" * 22
    create(make.project("Other"), reserved)
    with pytest.raises(Record.DoesNotExist):
        create(project, reserved)


@pytest.mark.parametrize("record_id", ["rec_" + "0" * 22, "", "\x00", "x" * 100, "rec_\ud800"])
def test_missing_record_is_missing(record_id: str, project: Project) -> None:
    with pytest.raises(Missing):
        service.delete_record(actor=make.TESTER, project_id=project.id, resource=LEADS, record_id=record_id)
    with pytest.raises(Missing):
        service.update_record(actor=make.TESTER, project_id=project.id, resource=LEADS, record_id=record_id, data={})


def test_record_is_missing_elsewhere(project: Project) -> None:
    record = create(project).record
    for elsewhere, resource in ((make.project("Other"), LEADS), (project, CALLS)):
        with pytest.raises(Missing):
            service.delete_record(actor=make.TESTER, project_id=elsewhere.id, resource=resource, record_id=record.id)
    assert Record.objects.filter(pk=record.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_changes_at_the_same_moment_are_all_kept() -> None:
    project = make.project()
    record = create(project).record
    fields = ["email", "phone", "company", "source", "notes", "status", "value", "callback_at"]
    values = ["a@b.de", "+4930123456", "Co", "web", "n", "new", 5, "2026-01-01T00:00:00Z"]
    together = threading.Barrier(len(fields))

    def one(name: str, value: object) -> None:
        together.wait()
        try:
            update(project, record, **{name: value})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(fields)) as pool:
        list(pool.map(one, fields, values))
    record.refresh_from_db()
    assert record.data == {"name": "Ann", **dict(zip(fields, values, strict=True))}
