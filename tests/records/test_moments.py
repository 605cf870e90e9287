"""The list by `updated_at` only grows at its end, whoever writes and however long a transaction takes."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from apps.audit import service as audit
from apps.audit.models import Event
from apps.core.times import rfc3339
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import service
from apps.records.models import LatestChange, Record
from apps.records.moments import next_moment
from tests import make
from tests.api.call import call, data, problem, secret_for

LEADS = catalogues.get("boltcall").resources["leads"]

WRITERS, WRITES = 8, 8


def create(project: Project) -> Record:
    return service.create_record(
        actor=make.TESTER, project_id=project.id, resource=LEADS, data={"name": "Ann", "value": 0}
    ).record


def update(record: Record, value: int) -> Record:
    return service.update_record(
        actor=make.TESTER, project_id=record.project_id, resource=LEADS, record_id=record.id, data={"value": value}
    ).record


@pytest.fixture
def _late_commits() -> Iterator[None]:
    """Transactions in which something takes its time after the record was written."""

    def dawdle(event: object) -> None:
        time.sleep(random.uniform(0, 0.02))

    audit.listen(dawdle)
    yield
    audit._listeners.remove(dawdle)


class Table:
    """What a client knows who follows the list as docs/api.md says, and how often it was told each version."""

    def __init__(self, key: str) -> None:
        self._key, self._since = key, "0001-01-01T00:00:00Z"
        self.rows: dict[str, Any] = {}
        self.read: list[tuple[str, str]] = []

    def sync(self) -> None:
        cursor: str | None = ""
        while cursor is not None:
            query = f"updated_since={self._since}&limit=3&cursor={cursor}".removesuffix("&cursor=")
            page = data(call("GET", f"/v1/leads?{query}", self._key))
            for row in page["data"]:
                self._take(row)
            cursor = page["next_cursor"]
        if self.read:
            self._since = self.read[-1][0]

    def _take(self, row: Any) -> None:
        if self.rows.get(row["id"]) != row:
            self.rows[row["id"]] = row
            self.read.append((row["updated_at"], row["id"]))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_late_commits")
def test_reader_misses_nothing_and_repeats_nothing_while_others_write() -> None:
    project = make.project()
    table = Table(secret_for(project, "leads:read"))
    shared = [create(project) for _ in range(3)]

    def write(number: int) -> None:
        try:
            for turn in range(WRITES):
                update(random.choice(shared) if turn % 2 else create(project), number * WRITES + turn + 1)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, number) for number in range(WRITERS)]
        while not all(writer.done() for writer in writers):
            table.sync()
    table.sync()
    for writer in writers:
        writer.result()
    assert {pk: (row["value"], row["updated_at"]) for pk, row in table.rows.items()} == {
        record.pk: (record.data["value"], rfc3339(record.updated_at)) for record in Record.objects.all()
    }
    assert len(table.read) == len(set(table.read)) > len(table.rows)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="There, one transaction writes at a time.")
@pytest.mark.django_db(transaction=True)
def test_writer_that_hangs_holds_up_its_resource_only_and_nothing_is_half_written() -> None:
    project = make.project()
    key = secret_for(project, "leads:write", "contacts:write")
    create(project)
    hangs, begun = threading.Event(), threading.Event()

    def hang() -> None:
        with transaction.atomic():
            next_moment(project.id, "leads")
            begun.set()
            hangs.wait(10)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(hang)
        assert begun.wait(10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
            refused = call("POST", "/v1/leads", key, body={"name": "Eve"})
            other = call("POST", "/v1/contacts", key, body={"name": "Eve"})
            cursor.execute("RESET lock_timeout")
        hangs.set()
        hanging.result()
    problem(refused, 503, "unavailable")
    assert other.status_code == 201
    assert Record.objects.filter(resource="leads").count() == 1
    assert Event.objects.filter(type="record.created").count() == 2


def test_no_two_changes_have_one_moment(project: Project) -> None:
    moments = [create(project).updated_at for _ in range(3)]
    moments += [update(Record.objects.latest("created_at"), value).updated_at for value in (1, 2, 3)]
    assert moments == sorted(set(moments))


def test_clock_that_goes_back_or_is_ahead_changes_no_order(project: Project) -> None:
    record = create(project)
    future = timezone.now() + timedelta(hours=1)
    LatestChange.objects.update(at=future)
    assert update(record, 1).updated_at == future + timedelta(microseconds=1)
    assert create(project).created_at == future + timedelta(microseconds=2)


def test_first_change_comes_after_records_from_before(project: Project) -> None:
    future = timezone.now() + timedelta(hours=1)
    old = Record.objects.create(project=project, resource="leads", data={"name": "Ann"}, updated_at=future)
    assert update(old, 1).updated_at == future + timedelta(microseconds=1)


def test_each_project_and_resource_has_an_order_of_its_own(project: Project) -> None:
    for where, resource in ((project, "leads"), (project, "contacts"), (make.project("Other"), "leads")):
        entry = catalogues.get("boltcall").resources[resource]
        service.create_record(actor=make.TESTER, project_id=where.id, resource=entry, data={"name": "Ann"})
        LatestChange.objects.filter(project=where, resource=resource).update(at=timezone.now() + timedelta(days=1))
    assert set(Record.objects.filter(updated_at__gt=timezone.now())) == set()
    assert LatestChange.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_first_writers_of_a_resource_meet() -> None:
    project = make.project()
    together = threading.Barrier(WRITERS)

    def write(_: int) -> Record:
        together.wait()
        try:
            return create(project)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WRITERS) as pool:
        moments = [record.updated_at for record in pool.map(write, range(WRITERS))]
    assert len(set(moments)) == WRITERS
    assert LatestChange.objects.get().at == max(moments)
