"""Fields that change at once, and while others write: nothing is lost, and nothing is written by what is gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Waits
from threading import Barrier

import pytest
from django.db import connections, transaction

from apps.core.errors import BoltkeysError, Conflict, Invalid
from apps.records import fields, models, schema, service
from tests import make
from tests.records.field_changes import (
    BUILT_IN,
    CONTACTS,
    add,
    archive,
    change,
    create,
    fill,
    move,
    names,
    restore,
)

TOGETHER = pytest.mark.django_db(transaction=True)


def together(acts: Sequence[Callable[[], object]]) -> list[object]:
    """What each returns or is refused with, all begun at the same moment."""
    begin = Barrier(len(acts))

    def one(act: Callable[[], object]) -> object:
        begin.wait()
        try:
            return act()
        except BoltkeysError as refused:
            return refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


@TOGETHER
def test_same_field_added_many_times_at_once_is_there_once() -> None:
    sales = make.project("Sales", catalogue="bolten")
    answers = together([lambda: add(sales)] * 6)
    assert sum(isinstance(answer, models.Field) for answer in answers) == 1
    assert names(sales) == [*BUILT_IN, "budget"]


@TOGETHER
def test_fields_added_at_once_are_all_there_up_to_the_limit() -> None:
    sales = make.project("Sales", catalogue="bolten")
    add(sales)
    fill(sales, fields.USED_MAX - 3)
    answers = together([lambda n=n: add(sales, f"new{n}") for n in range(6)])  # type: ignore[misc]
    assert sum(isinstance(answer, Conflict) for answer in answers) == 3
    assert len(names(sales)) == fields.USED_MAX
    assert len(set(models.Field.objects.values_list("order", flat=True))) >= 3


@TOGETHER
def test_of_two_who_change_one_field_at_once_one_is_told() -> None:
    sales = make.project("Sales", catalogue="bolten")
    add(sales)
    answers = together([lambda label=label: change(sales, "phone", label=label, revision=0) for label in "AB"])  # type: ignore[misc]
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Field"]


@TOGETHER
def test_moves_at_once_lose_no_field() -> None:
    sales = make.project("Sales", catalogue="bolten")
    together([lambda n=n: move(sales, BUILT_IN[n], up=n % 2 == 0) for n in range(1, 7)])  # type: ignore[misc]
    assert sorted(names(sales)) == sorted(BUILT_IN)
    assert len(set(models.Field.objects.values_list("order", flat=True))) == len(BUILT_IN)


@TOGETHER
def test_change_of_type_waits_for_those_who_write_by_the_old_one() -> None:
    sales = make.project("Sales", catalogue="bolten")
    key = add(sales, type="text").key

    def narrow() -> object:
        return together([lambda: change(sales, key, type="number")])[0]

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            known = schema.held_fields(sales.id, CONTACTS)  # as a request does that then writes
            changing: Future[object] = pool.submit(narrow)
            with pytest.raises(Waits):
                changing.result(timeout=0.4)
            assert "budget" in [field.name for field in known]
            models.Record.objects.create(project=sales, resource="contacts", data={key: "text"})
        assert isinstance(changing.result(timeout=10), Invalid)


@TOGETHER
def test_writes_while_fields_change_go_where_they_belong() -> None:
    """Two fields swap their names, are archived and restored while records are written by those names."""
    sales = make.project("Sales", catalogue="bolten")
    a, b = add(sales, "a", "text").key, add(sales, "b", "text").key
    rounds = 12

    def write() -> list[service.Written]:
        return [create(sales, a=f"a{n}", b=f"b{n}") for n in range(rounds)]

    def swap() -> None:
        for _ in range(rounds):
            for key, name in ((a, "c"), (b, "a"), (a, "b"), (b, "c"), (a, "a"), (b, "b")):
                change(sales, key, name=name)

    def hide() -> None:
        for _ in range(rounds):
            archive(sales, "notes")
            restore(sales, "notes")

    answers = together([write, write, swap, hide])
    assert not [answer for answer in answers if isinstance(answer, BaseException)]
    written = [one for answer in answers[:2] for one in answer]  # type: ignore[attr-defined]
    assert len(written) == 2 * rounds
    for one in written:
        by_name = {field.name: field.key for field in one.fields}
        stored = models.Record.objects.get(pk=one.record.pk).data
        for name in ("a", "b"):
            # Written under the key that the name had in the very schema that the answer shows, else ignored.
            if name in by_name:
                assert stored[by_name[name]].startswith(name)
            else:
                assert name in one.ignored
