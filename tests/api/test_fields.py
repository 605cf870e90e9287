"""`/v1` in a project whose administrators have changed its fields, also while requests run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar
from urllib.parse import quote

import pytest
from django.db import connection, connections
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from apps.core.fields import TYPES
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import fields
from apps.records.fields import Definition
from apps.records.models import Field, Record
from tests import make
from tests.api.call import all_scopes, call, data, pointers, secret_for

T = TypeVar("T")

CONTACTS = catalogues.get("bolten").resources["contacts"]
BUILT_IN = [field.name for field in CONTACTS.fields]


@pytest.fixture
def sales(db: None) -> Project:
    return make.project("Sales", catalogue="bolten")


@pytest.fixture
def key(sales: Project) -> str:
    return secret(sales)


def secret(project: Project) -> str:
    return secret_for(project, *all_scopes("contacts", "opportunities"))


def add(project: Project, name: str, type: str = "text", **over: Any) -> Field:
    definition = Definition(name, over.pop("label", name.capitalize()), type, **over)
    return fields.add_field(actor=make.TESTER, project_id=project.id, resource=CONTACTS, definition=definition)


def rename(project: Project, key: str, name: str) -> None:
    row = Field.objects.get(project=project, resource="contacts", key=key)
    definition = Definition(name, row.label, row.type, row.required, row.options, row.description)
    fields.change_field(
        actor=make.TESTER, project_id=project.id, resource=CONTACTS, key=key, revision=row.revision,
        definition=definition,
    )  # fmt: skip


def archive(project: Project, key: str) -> None:
    fields.archive_field(actor=make.TESTER, project_id=project.id, resource=CONTACTS, key=key)


def restore(project: Project, key: str) -> None:
    fields.restore_field(actor=make.TESTER, project_id=project.id, resource=CONTACTS, key=key)


def post(key: str, **fields: Any) -> HttpResponse:
    return call("POST", "/v1/contacts", key, body={"name": "Ann", **fields})


def schema(key: str) -> list[Any]:
    answer = data(call("GET", "/v1/contacts/schema", key))
    assert (answer["resource"], answer["dynamic"]) == ("contacts", True)
    return list(answer["fields"])


def found(key: str, **filters: str) -> list[str]:
    query = "&".join(f"{name}={quote(value)}" for name, value in filters.items())
    return [record["id"] for record in data(call("GET", f"/v1/contacts?{query}", key))["data"]]


def test_schema_is_what_is_configured_in_order_and_without_the_archived(sales: Project, key: str) -> None:
    assert [field["name"] for field in schema(key)] == BUILT_IN
    added = add(sales, "tier", "single_choice", options=("a", "b"), required=True, description="How much")
    archive(sales, "phone")
    rename(sales, "email", "mail")
    fields.move_field(actor=make.TESTER, project_id=sales.id, resource=CONTACTS, key=added.key, up=True)
    shown = schema(key)
    assert [field["name"] for field in shown] == [
        "name", "mail", "company", "position", "website", "city", "interests", "newsletter", "tier", "notes",
    ]  # fmt: skip
    assert shown[-2] == {
        "name": "tier", "label": "Tier", "type": "single_choice", "required": True, "options": ["a", "b"],
        "description": "How much",
    }  # fmt: skip
    other = data(call("GET", "/v1/opportunities/schema", key))
    assert [field["name"] for field in other["fields"]][:2] == ["title", "stage"]


def test_record_has_the_fields_of_the_schema_in_its_order(sales: Project, key: str) -> None:
    add(sales, "tier")
    archive(sales, "phone")
    record = data(post(key, tier="a"))
    assert list(record) == ["id", "created_at", "updated_at", *[field["name"] for field in schema(key)]]
    assert record["tier"] == "a"


VALUES: Mapping[str, tuple[object, object, object]] = {
    "text": ("A b", "a b", 1),
    "long_text": ("A\nb", "A", True),
    "number": (1.5, 2, "1.5"),
    "integer": (7, 8, 1.5),
    "boolean": (True, False, "true"),
    "date": ("2026-03-31", "2026-04-01", "31.3.2026"),
    "date_time": ("2026-03-31T09:30:00Z", "2026-03-31T09:31:00Z", "2026-03-31"),
    "email": ("ann@example.com", "bob@example.com", "ann"),
    "phone": ("+44 20 7946 0018", "+44 20 7946 0019", "none"),
    "url": ("https://example.com/a", "https://example.com/b", "javascript:alert(1)"),
    "single_choice": ("a", "b", "c"),
    "multiple_choice": (["a"], ["b"], ["a", "c"]),
}
"""By type: two values, and one that is none."""


@pytest.mark.parametrize("type", TYPES)
def test_field_of_each_type_is_stored_found_and_checked(type: str, sales: Project, key: str) -> None:
    add(sales, "extra", type, options=("a", "b") if "choice" in type else ())
    value, another, wrong = VALUES[type]
    one, two = data(post(key, extra=value)), data(post(key, extra=another))
    post(key)
    assert (one["extra"], two["extra"]) == (value, another)
    assert found(key, extra=_written(value)) == [one["id"]]
    changed = data(call("PATCH", f"/v1/contacts/{two['id']}", key, body={"extra": value}))
    assert changed["extra"] == value
    assert sorted(found(key, extra=_written(value))) == sorted([one["id"], two["id"]])
    assert list(pointers(post(key, extra=wrong))) == ["/extra"]
    assert list(pointers(call("PATCH", f"/v1/contacts/{one['id']}", key, body={"extra": wrong}))) == ["/extra"]
    assert data(call("GET", f"/v1/contacts/{one['id']}", key))["extra"] == value


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value[0] if isinstance(value, list) else value)


def test_golden_rule_follows_the_project(sales: Project, key: str) -> None:
    first = post(key, vat="DE1", Vat="x")
    assert first["Boltkeys-Ignored-Fields"] == "vat, Vat"
    vat = add(sales, "vat")
    second = post(key, vat="DE1", Vat="x")
    assert (data(second)["vat"], second["Boltkeys-Ignored-Fields"]) == ("DE1", "Vat")
    archive(sales, vat.key)
    third = post(key, vat="DE2")
    assert ("vat" in data(third), third["Boltkeys-Ignored-Fields"]) == (False, "vat")
    path = f"/v1/contacts/{data(second)['id']}"
    strict = call("PATCH", path, key, body={"vat": "DE3"}, Prefer="handling=strict")
    assert pointers(strict) == {"/vat": "unknown_field"}
    assert pointers(call("GET", "/v1/contacts?vat=DE1", key, Prefer="handling=strict")) == {"?vat": "unknown_parameter"}
    ignored = call("GET", "/v1/contacts?vat=DE1", key)
    assert (len(data(ignored)["data"]), ignored["Boltkeys-Ignored-Fields"]) == (3, "vat")
    restore(sales, vat.key)
    assert data(call("GET", path, key))["vat"] == "DE1"


def test_old_name_is_unknown_and_the_new_one_has_the_values(sales: Project, key: str) -> None:
    vat = add(sales, "vat")
    record = data(post(key, vat="DE1"))
    rename(sales, vat.key, "tax_number")
    assert found(key, tax_number="DE1") == [record["id"]]
    answer = call("PATCH", f"/v1/contacts/{record['id']}", key, body={"vat": "DE2", "notes": "x"})
    assert answer["Boltkeys-Ignored-Fields"] == "vat"
    assert (data(answer)["tax_number"], data(answer)["notes"]) == ("DE1", "x")


def test_field_that_becomes_required_stops_no_reader_and_no_other_change(sales: Project, key: str) -> None:
    record = data(post(key))
    add(sales, "vat", required=True)
    path = f"/v1/contacts/{record['id']}"
    assert data(call("GET", path, key))["vat"] is None
    assert data(call("PATCH", path, key, body={"notes": "x"}))["notes"] == "x"
    assert pointers(call("PATCH", path, key, body={"vat": None})) == {"/vat": "null"}
    assert pointers(post(key)) == {"/vat": "required"}


NASTY = ["a__b", "a%b", "a'b", 'a"b', "__class__", "constructor", "__proto__", "x" * 5_000, "größe", "data", "key",
         "name__regex", "name->x", "$.name", "0", "", " ", "%s", "{}", "pk", "project", "a\nb", "fld_1"]  # fmt: skip


@pytest.mark.parametrize("name", NASTY, ids=lambda name: repr(name)[:20])
def test_nasty_name_is_harmless_everywhere(name: str, sales: Project, key: str) -> None:
    vat = add(sales, "vat")
    record = data(post(key, vat="DE1"))
    assert data(call("POST", "/v1/contacts", key, body={"name": "Ann", name: "x"}))["name"] == "Ann"
    path = f"/v1/contacts/{record['id']}"
    assert data(call("PATCH", path, key, body={name: {"$gt": 1}})) == record
    assert len(data(call("GET", f"/v1/contacts?{quote(name)}=x", key))["data"]) == 2
    assert list(pointers(call("PATCH", path, key, body={name: 1}, Prefer="handling=strict")).values()) == [
        "unknown_field"
    ]
    # Not even the key that values are stored under is a name.
    assert call("PATCH", path, key, body={vat.key: "DE2"})["Boltkeys-Ignored-Fields"] == vat.key
    assert data(call("GET", f"/v1/contacts?{vat.key}=DE2", key))["data"] != []
    assert data(call("GET", path, key)) == record


def test_each_request_asks_for_the_fields_once(sales: Project, key: str) -> None:
    add(sales, "vat")
    record = data(post(key, vat="DE1"))
    path = f"/v1/contacts/{record['id']}"
    requests: Mapping[str, Callable[[], HttpResponse]] = {
        "list": lambda: call("GET", "/v1/contacts?vat=DE1", key),
        "read": lambda: call("GET", path, key),
        "create": lambda: post(key, vat="DE2"),
        "change": lambda: call("PATCH", path, key, body={"vat": "DE3"}),
        "schema": lambda: call("GET", "/v1/contacts/schema", key),
    }
    for what, request in requests.items():
        with CaptureQueriesContext(connection) as seen:
            data(request())
        assert sum("records_field" in query["sql"] for query in seen.captured_queries) == 1, what


def test_projects_have_fields_of_their_own(sales: Project, key: str) -> None:
    other = make.project("Other", catalogue="bolten")
    add(other, "secret_plan", label="Secret plan")
    assert [field["name"] for field in schema(key)] == BUILT_IN
    assert post(key, secret_plan="x")["Boltkeys-Ignored-Fields"] == "secret_plan"


@pytest.mark.django_db(transaction=True)
def test_requests_while_fields_change_are_never_answered_wrong() -> None:
    """Two fields of unlike types swap their names and a third comes and goes: each answer fits one schema, and what a
    record holds afterwards is in the field that its answer showed it in."""
    sales = make.project("Sales", catalogue="bolten")
    key = secret(sales)
    number, words = add(sales, "a", "number").key, add(sales, "b", "text").key
    rounds, writers = 8, 3
    begin = Barrier(writers + 1)

    def write() -> list[HttpResponse]:
        begin.wait()
        return _closing(lambda: [post(key, a=n, b=f"b{n}", notes="x") for n in range(rounds * 2)])

    def configure() -> None:
        begin.wait()
        _closing(lambda: _swap(sales, number, words, rounds))

    with ThreadPoolExecutor(writers + 1) as pool:
        changing = pool.submit(configure)
        answers = [answer for task in [pool.submit(write) for _ in range(writers)] for answer in task.result()]
        changing.result()
    assert {answer.status_code for answer in answers} <= {201, 422}
    for answer in answers:
        if answer.status_code == 422:  # while `a` was the text and `b` the number
            assert set(pointers(answer)) <= {"/a", "/b"}
    for record in Record.objects.all():
        assert isinstance(record.data.get(number, 0), (int, float))
        assert isinstance(record.data.get(words, ""), str)
    assert len(data(call("GET", "/v1/contacts?limit=100", key))["data"]) == Record.objects.count()


def _swap(sales: Project, one: str, two: str, rounds: int) -> None:
    for key, name in ((one, "c"), (two, "a"), (one, "b"), (two, "c"), (one, "a"), (two, "b")) * rounds:
        rename(sales, key, name)
        archive(sales, "notes")
        restore(sales, "notes")


def _closing(act: Callable[[], T]) -> T:
    try:
        return act()
    finally:
        connections.close_all()
