"""Administrators change which fields a resource has: no value is lost, whoever writes meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Event
from apps.core import fields as rules
from apps.core import values
from apps.core.errors import Conflict, Invalid, Missing
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import fields, models, queries, schema, service
from tests import make
from tests.records.field_changes import (
    BUDGET,
    BUILT_IN,
    CONTACTS,
    OPPORTUNITIES,
    add,
    archive,
    change,
    create,
    faults,
    fill,
    move,
    names,
    restore,
    shown,
    update,
)


def test_added_field_comes_last_and_the_built_in_ones_stay(sales: Project) -> None:
    add(sales, type="single_choice", options=("s", "m"), required=True, description="In euros")
    *before, added = schema.schema_json(sales.id, CONTACTS)["fields"]
    assert [field["name"] for field in before] == BUILT_IN
    assert added == {
        "name": "budget", "label": "Budget", "type": "single_choice", "required": True, "options": ["s", "m"],
        "description": "In euros",
    }  # fmt: skip
    assert schema.fields_of(sales.id, CONTACTS)[:-1] == CONTACTS.fields


def test_change_of_one_resource_or_project_leaves_all_others(sales: Project) -> None:
    add(sales)
    assert schema.fields_of(sales.id, OPPORTUNITIES) == OPPORTUNITIES.fields
    assert schema.fields_of(make.project("Other", catalogue="bolten").id, CONTACTS) == CONTACTS.fields


def test_renaming_loses_no_value(sales: Project) -> None:
    key = add(sales).key
    one = create(sales, budget=5)
    change(sales, key, name="annual_budget", label="Annual budget")
    change(sales, "phone", name="telephone")
    assert shown(sales, one)["annual_budget"] == 5
    assert "budget" not in shown(sales, one)
    assert update(sales, one, budget=6, annual_budget=7, telephone="+4930123456").ignored == ("budget",)
    assert (shown(sales, one)["annual_budget"], shown(sales, one)["telephone"]) == (7, "+4930123456")


def test_field_that_takes_the_old_name_of_another_has_values_of_its_own(sales: Project) -> None:
    one = create(sales, phone="+4930123456")
    change(sales, "phone", name="telephone")
    add(sales, "phone", "number", label="Phone number")
    two = create(sales, phone=5)
    assert (shown(sales, one)["telephone"], shown(sales, one)["phone"]) == ("+4930123456", None)
    assert (shown(sales, two)["telephone"], shown(sales, two)["phone"]) == (None, 5)


def test_archived_field_is_unknown_and_restoring_brings_its_values_back(sales: Project) -> None:
    key = add(sales).key
    one = create(sales, budget=5)
    archive(sales, key)
    assert names(sales) == BUILT_IN
    assert "budget" not in shown(sales, one)
    assert update(sales, one, budget=6, notes="x").ignored == ("budget",)
    restore(sales, key)
    assert names(sales) == [*BUILT_IN, "budget"]
    assert (shown(sales, one)["budget"], shown(sales, one)["notes"]) == (5, "x")


def test_restored_field_has_its_old_place(sales: Project) -> None:
    archive(sales, "phone")
    add(sales)
    restore(sales, "phone")
    assert names(sales) == [*BUILT_IN, "budget"]


def test_records_that_lack_what_is_required_now_are_read_and_changed(sales: Project) -> None:
    one = create(sales)
    key = add(sales, required=True).key
    assert shown(sales, one)["budget"] is None
    assert shown(sales, update(sales, one, notes="x"))["notes"] == "x"
    assert faults(lambda: create(sales)) == [("/budget", "required")]
    assert faults(lambda: update(sales, one, budget=None)) == [("/budget", "null")]
    change(sales, key, required=False)
    create(sales)


def test_value_of_an_option_that_is_gone_is_kept_and_not_written_again(sales: Project) -> None:
    one = create(sales, interests=["product", "service"])
    change(sales, "interests", options=("service", "partnership"))
    update(sales, one, notes="x")
    assert shown(sales, one)["interests"] == ["product", "service"]
    assert faults(lambda: update(sales, one, interests=["product"])) == [("/interests", "choice")]


def test_type_can_change_while_no_record_has_a_value(sales: Project) -> None:
    key = add(sales, type="text").key
    create(sales, budget=None)
    change(sales, key, type="single_choice", options=("a",))
    change(sales, key, type="number", options=())
    one = create(sales, budget=5)
    assert faults(lambda: change(sales, key, type="text")) == [("/type", "type")]
    archive(sales, key)
    assert faults(lambda: change(sales, key, type="text")) == [("/type", "type")]
    assert shown(sales, one)["name"] == "Ann"


EXAMPLES: dict[str, object] = {
    "text": "x" * values.TEXT_MAX, "integer": values.NUMBER_MAX, "date": "2026-03-31",
    "date_time": "2026-03-31T09:30:00.123456Z", "email": "a@example.com", "phone": "+44 20 7946 0018",
    "url": f"https://example.com/{'x' * 1_900}", "single_choice": "x" * 80,
}  # fmt: skip
"""Of each type that becomes wider, a long one."""


def test_wider_type_takes_every_value_as_it_is_stored() -> None:
    for before, wider in rules.WIDER.items():
        for after in wider:
            field = rules.define(name="x", label="X", type=after)
            cleaned = values.clean([field], {"x": EXAMPLES[before]}, partial=False)
            assert cleaned.values == {"x": EXAMPLES[before]}


def test_wider_type_reads_and_finds_what_is_stored(sales: Project) -> None:
    key = add(sales, type="single_choice", options=("a", "b")).key
    one = create(sales, budget="a")
    change(sales, key, type="text", options=())
    assert shown(sales, one)["budget"] == "a"
    field = next(field for field in schema.fields_of(sales.id, CONTACTS) if field.key == key)
    found = queries.page(sales.id, CONTACTS, queries.Listing(filters=[(field, "a")])).records
    assert [record.id for record in found] == [one.record.id]


def test_built_in_field_is_changed_like_others_but_for_its_type(sales: Project) -> None:
    change(sales, "email", name="mail", label="Mail", required=True, description="Where to write")
    assert schema.schema_json(sales.id, CONTACTS)["fields"][1] == {
        "name": "mail", "label": "Mail", "type": "email", "required": True, "options": [],
        "description": "Where to write",
    }  # fmt: skip
    assert faults(lambda: change(sales, "email", type="text")) == [("/type", "fixed")]


NASTY = ["a__b", "a%b", "a'b", 'a"b', "a b", "__class__", "__proto__", "constructor", "Name", "ä", "x" * 64, "",
         "\x00", "1a", "_a", "a.b", "a-b", "a\n", "a->b", "$", "id",
         "created_at", "limit", "cursor", "updated_since"]  # fmt: skip


@pytest.mark.parametrize("name", NASTY, ids=repr)
def test_name_outside_of_the_grammar_is_no_name(name: str, sales: Project) -> None:
    assert [pointer for pointer, _ in faults(lambda: add(sales, name, label="Fine"))] == ["/name"]
    assert [pointer for pointer, _ in faults(lambda: change(sales, "phone", name=name))] == ["/name"]
    assert not models.Field.objects.exists()


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ({"name": "phone", "label": "Line"}, [("/name", "taken")]),
        ({"label": "PHONE"}, [("/label", "taken")]),
        ({"label": " ", "name": "phone"}, [("/label", "required"), ("/name", "taken")]),
        ({"label": "x" * 81}, [("/label", "too_long")]),
        ({"type": "colour"}, [("/type", "type")]),
        ({"type": "single_choice"}, [("/options", "options")]),
        ({"type": "single_choice", "options": ("a", "a")}, [("/options/1", "duplicate")]),
        ({"type": "single_choice", "options": [str(n) for n in range(101)]}, [("/options", "options")]),
        ({"options": ("a",)}, [("/options", "options")]),
        ({"description": "x" * 301}, [("/description", "too_long")]),
    ],
    ids=str,
)
def test_faults_are_named(over: dict[str, Any], expected: list[tuple[str, str]], sales: Project) -> None:
    assert faults(lambda: add(sales, **over)) == expected


def test_name_of_an_archived_field_is_taken_until_that_has_another(sales: Project) -> None:
    archive(sales, "phone")
    assert faults(lambda: add(sales, "phone", label="Line")) == [("/name", "taken")]
    change(sales, "phone", name="old_phone")
    add(sales, "phone", label="Phone")
    with pytest.raises(Conflict):  # its label is taken
        restore(sales, "phone")
    change(sales, "phone", label="Old phone")
    restore(sales, "phone")
    assert {"phone", "old_phone"} <= set(names(sales))


def test_fields_move_among_those_in_use(sales: Project) -> None:
    archive(sales, "email")
    move(sales, "phone", up=True)  # over the archived one
    assert names(sales)[:3] == ["phone", "name", "company"]
    move(sales, "phone", up=True)
    move(sales, "notes", up=False)
    assert names(sales) == ["phone", "name", *BUILT_IN[3:]]
    move(sales, "phone", up=False)
    assert names(sales)[:2] == ["name", "phone"]
    with pytest.raises(Missing):
        move(sales, "email", up=True)


def test_each_change_has_its_event_and_nothing_else_has_one(sales: Project) -> None:
    key = add(sales).key
    change(sales, key)
    change(sales, key, label="Money", required=True)
    archive(sales, key)
    archive(sales, key)
    restore(sales, key)
    restore(sales, key)
    move(sales, key, up=True)
    move(sales, BUILT_IN[0], up=True)
    with pytest.raises(Invalid):
        change(sales, key, name="a__b")
    events = list(Event.objects.order_by("at"))
    assert [event.type for event in events] == [
        "field.added", "field.changed", "field.archived", "field.restored", "field.moved",
    ]  # fmt: skip
    assert {(event.target_id, event.actor_label, event.data["resource"]) for event in events} == {
        (key, make.TESTER.label, "contacts")
    }
    assert events[1].data["from"] == {"label": "Budget", "required": False}
    assert events[1].data["to"] == {"label": "Money", "required": True}


def test_record_events_name_fields_as_they_are_called(sales: Project) -> None:
    add(sales)
    one = create(sales, budget=5)
    update(sales, one, budget=6)
    service.delete_record(actor=make.TESTER, project_id=sales.id, resource=CONTACTS, record_id=one.record.id)
    told = Event.objects.filter(type__startswith="record.").order_by("at").values_list("data__fields", flat=True)
    assert list(told) == [["budget", "name"], ["budget"], ["budget", "name"]]


def test_change_on_top_of_one_not_seen_is_refused(sales: Project) -> None:
    key = add(sales).key
    change(sales, key, label="Money", revision=0)
    with pytest.raises(Conflict) as caught:
        change(sales, key, label="Cash", revision=0)
    assert caught.value.code == "changed_meanwhile"
    change(sales, "phone", label="Line", revision=0)  # the first change of one that has no row yet
    move(sales, key, up=True)
    change(sales, key, label="Cash", revision=1)  # a move is no change of its settings


def test_there_is_room_for_a_number_of_fields(sales: Project) -> None:
    add(sales)
    fill(sales, fields.USED_MAX)
    with pytest.raises(Conflict, match="100 fields"):
        add(sales, "more")
    archive(sales, "phone")
    add(sales, "more")
    with pytest.raises(Conflict, match="100 fields"):
        restore(sales, "phone")
    fill(sales, fields.ALL_MAX)
    models.Field.objects.update(archived_at=make.timezone.now())
    with pytest.raises(Conflict, match="300 fields"):
        add(sales, "one_too_many")


def test_what_is_not_there_is_missing(sales: Project) -> None:
    for act in (archive, restore):
        with pytest.raises(Missing):
            act(sales, "no_such_field")
    with pytest.raises(Missing):
        fields.add_field(
            actor=make.TESTER,
            project_id=make.project().id,
            resource=catalogues.get("boltcall").resources["leads"],
            definition=BUDGET,
        )


def test_field_of_another_project_is_missing(sales: Project) -> None:
    key = add(sales).key
    with pytest.raises(Missing):
        archive(make.project("Other", catalogue="bolten"), key)
    assert "budget" in names(sales)


def test_write_asks_for_the_fields_once(sales: Project) -> None:
    add(sales)
    with CaptureQueriesContext(connection) as seen:
        create(sales, budget=5)
    assert sum("records_field" in query["sql"] for query in seen.captured_queries) == 1
