"""One record: made, read, changed, deleted; and what became of names that no field has."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest

from apps.audit.models import Event
from apps.core.catalogue import Catalogue
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import schema
from apps.records.models import Record
from tests import make
from tests.api.call import call, data, pointers, problem, secret_for

FULL = {
    "name": "Ann Lee",
    "email": "ann@example.com",
    "phone": "+44 20 7946 0018",
    "company": "Lee & Sons",
    "source": "website",
    "status": "new",
    "value": 1250.5,
    "callback_at": "2026-03-31T09:30:00Z",
    "notes": "Wants a call.\nIn the morning.",
}


@pytest.fixture
def key(project: Project) -> str:
    return secret_for(project, "leads:read", "leads:write")


def created(key: str, **fields: Any) -> Any:
    return data(call("POST", "/v1/leads", key, body={"name": "Ann", **fields}))


def test_created_record_is_answered_whole_with_its_place(key: str) -> None:
    response = call("POST", "/v1/leads", key, body=FULL)
    record = data(response)
    assert response.status_code == 201
    assert re.fullmatch(r"rec_[0-9A-Za-z]{22}", record["id"])
    assert response["Location"] == f"/v1/leads/{record['id']}"
    assert list(record) == ["id", "created_at", "updated_at", *FULL]
    assert {name: record[name] for name in FULL} == FULL
    assert record["created_at"] == record["updated_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", record["created_at"])
    assert data(call("GET", response["Location"], key)) == record
    assert data(call("GET", "/v1/leads", key))["data"] == [record]


def test_fields_that_were_not_given_are_null(key: str) -> None:
    record = created(key)
    assert [record[name] for name in FULL if name != "name"] == [None] * 8
    assert Record.objects.get().data == {"name": "Ann"}


def test_head_is_get_without_a_body(key: str) -> None:
    path = f"/v1/leads/{created(key)['id']}"
    head, get = call("HEAD", path, key), call("GET", path, key)
    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Type"] == get["Content-Type"]


def test_times_come_back_in_utc(key: str) -> None:
    assert created(key, callback_at="2026-03-31T11:30:00+02:00")["callback_at"] == "2026-03-31T09:30:00Z"


def test_patch_changes_what_it_names_and_nothing_else(key: str) -> None:
    record = created(key, email="ann@example.com", notes="old")
    changed = data(call("PATCH", f"/v1/leads/{record['id']}", key, body={"notes": "new", "email": None}))
    assert changed == record | {"notes": "new", "email": None, "updated_at": changed["updated_at"]}
    assert datetime.fromisoformat(changed["updated_at"]) > datetime.fromisoformat(record["updated_at"])
    assert data(call("GET", f"/v1/leads/{record['id']}", key)) == changed


def test_patch_that_changes_nothing_leaves_no_trace(key: str) -> None:
    record = created(key, notes="old")
    empty: dict[str, object] = {}
    for body in (empty, {"notes": "old"}, {"phone": None}, {"unknown": 1}):
        assert data(call("PATCH", f"/v1/leads/{record['id']}", key, body=body)) == record
    assert not Event.objects.filter(type="record.updated").exists()


def test_deleted_record_is_gone(key: str) -> None:
    path = f"/v1/leads/{created(key)['id']}"
    response = call("DELETE", path, key)
    assert (response.status_code, response.content) == (204, b"")
    for method in ("GET", "PATCH", "DELETE"):
        problem(call(method, path, key, body={} if method == "PATCH" else None), 404, "not_found")
    assert data(call("GET", "/v1/leads", key))["data"] == []


@pytest.mark.parametrize(
    "record_id",
    [
        "rec_" + "0" * 22,
        "rec_" + "0" * 21,
        "rec_" + "0" * 23,
        "REC_" + "0" * 22,
        "key_" + "0" * 22,
        "1",
        "%00",
        "rec_%00",
        "%FF",
        "é",
        "..",
        "x" * 5000,
        "rec_' OR 1=1",
        "me",
        "%2e%2e%2fme",
    ],
)
def test_id_that_does_not_exist_is_404(record_id: str, key: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        body: object = {} if method == "PATCH" else None
        problem(call(method, f"/v1/leads/{record_id}", key, body=body), 404, "not_found")


def test_unknown_names_are_ignored_and_listed(key: str) -> None:
    body: dict[str, object] = {
        "name": "Ann",
        "Name": "Eve",
        "nick name": "A",
        "id": "rec_mine",
        "created_at": "2020-01-01T00:00:00Z",
    }
    response = call("POST", "/v1/leads", key, body=body | {"project_id": "prj_other", "é": [1, {"a": None}]})
    record = data(response)
    assert record["name"] == "Ann"
    assert record["id"] != "rec_mine" and not record["created_at"].startswith("2020")
    assert response["Boltkeys-Ignored-Fields"] == "Name, nick%20name, id, created_at, project_id, %C3%A9"
    assert Record.objects.get().data == {"name": "Ann"}
    changed = call("PATCH", f"/v1/leads/{record['id']}", key, body={"name": "Eve", "updated_at": "x"})
    assert changed["Boltkeys-Ignored-Fields"] == "updated_at"


def test_nothing_ignored_is_not_listed(key: str) -> None:
    assert "Boltkeys-Ignored-Fields" not in call("POST", "/v1/leads", key, body={"name": "Ann"})


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("a\r\nSet-Cookie: x=1", "a%0D%0ASet-Cookie%3A%20x%3D1"),
        ("a,b", "a%2Cb"),
        ("", '""'),
        ("x" * 1000, "x" * 64),
        ("a__b", "a__b"),
        ("a%b", "a%25b"),
        ("a'b", "a%27b"),
        ("__class__", "__class__"),
        ("\u202e", "%E2%80%AE"),
        ("sk_live_" + "0" * 38, "sk_live_%5Bredacted%5D"),
    ],
)
def test_listed_name_cannot_break_out_of_the_header(name: str, listed: str, key: str) -> None:
    response = call("POST", "/v1/leads", key, body={"name": "Ann", name: 1})
    assert response["Boltkeys-Ignored-Fields"] == listed
    assert "Set-Cookie" not in response


def test_many_ignored_names_are_cut_short(key: str) -> None:
    response = call("POST", "/v1/leads", key, body={"name": "Ann"} | {f"x{i}": i for i in range(1000)})
    listed = response["Boltkeys-Ignored-Fields"].split(", ")
    assert len(listed) == 51 and listed[-1] == "..."


def test_long_ignored_names_are_cut_short_for_proxies(key: str) -> None:
    response = call("POST", "/v1/leads", key, body={"name": "Ann"} | {f"{i:02}" + "😀" * 62: i for i in range(3)})
    first, second, rest = response["Boltkeys-Ignored-Fields"].split(", ")
    assert (first[:2], second[:2], rest) == ("00", "01", "...")


@pytest.mark.parametrize(
    "prefer", ["handling=strict", "Handling=Strict", "wait=5, handling=strict", 'handling="strict"']
)
def test_strict_client_gets_a_422_for_unknown_names(prefer: str, key: str) -> None:
    body = {"name": "Ann", "Name": "Eve", "a/b": 1}
    response = call("POST", "/v1/leads", key, body=body, Prefer=prefer)
    assert pointers(response) == {"/Name": "unknown_field", "/a~1b": "unknown_field"}
    assert not Record.objects.exists()
    record = created(key)
    assert pointers(call("PATCH", f"/v1/leads/{record['id']}", key, body={"x": 1}, Prefer=prefer)) == {
        "/x": "unknown_field"
    }


def test_strict_client_learns_of_all_faults_at_once(key: str) -> None:
    response = call("POST", "/v1/leads", key, body={"name": 1, "x": 1}, Prefer="handling=strict")
    assert pointers(response) == {"/name": "type", "/x": "unknown_field"}


@pytest.mark.parametrize("prefer", ["handling=lenient", "strict", "handling", "handling=strictly", "", ";", "=,"])
def test_other_preferences_are_not_strict(prefer: str, key: str) -> None:
    assert call("POST", "/v1/leads", key, body={"name": "Ann", "x": 1}, Prefer=prefer).status_code == 201


def test_strictness_that_was_honoured_is_said(key: str) -> None:
    response = call("POST", "/v1/leads", key, body={"name": "Ann"}, Prefer="handling=strict")
    assert response["Preference-Applied"] == "handling=strict"


def test_changes_are_audited_with_the_key_and_without_the_values(project: Project) -> None:
    made = make.new_key(project, scopes=["leads:write"])
    record = data(call("POST", "/v1/leads", made.secret, body={"name": "Ann", "email": "ann@example.com"}))
    call("PATCH", f"/v1/leads/{record['id']}", made.secret, body={"name": "Ann", "notes": "secret wish"})
    call("DELETE", f"/v1/leads/{record['id']}", made.secret)
    events = list(Event.objects.filter(target_id=record["id"]).order_by("at"))
    assert [(e.type, e.data["fields"]) for e in events] == [
        ("record.created", ["email", "name"]),
        ("record.updated", ["notes"]),
        ("record.deleted", ["email", "name", "notes"]),
    ]
    assert {(e.actor_kind, e.actor_id, e.project_id, e.ip) for e in events} == {
        ("key", made.key.id, project.id, "127.0.0.1")
    }
    assert all(e.request_id.startswith("req_") for e in events)
    assert "secret wish" not in str([e.data for e in events])


def test_schema_is_what_the_catalogue_configures(key: str, project: Project) -> None:
    schema = data(call("GET", "/v1/leads/schema", key))
    assert (schema["resource"], schema["dynamic"]) == ("leads", False)
    assert [field["name"] for field in schema["fields"]] == list(FULL)
    assert schema["fields"][0] == {
        "name": "name",
        "label": "Name",
        "type": "text",
        "required": True,
        "options": [],
        "description": "",
    }
    status = next(field for field in schema["fields"] if field["name"] == "status")
    assert status["options"] == ["new", "contacted", "qualified", "won", "lost"]


EXAMPLES: dict[str, Any] = {
    "text": "Some text",
    "long_text": "Longer\ntext",
    "number": 12.5,
    "integer": 12,
    "boolean": False,
    "date": "2026-03-31",
    "date_time": "2026-03-31T09:30:00Z",
    "email": "ann@example.com",
    "phone": "+442079460018",
    "url": "https://example.com/a?b=c",
}


@pytest.mark.parametrize("catalogue", catalogues.load().values(), ids=lambda c: c.slug)
def test_every_field_of_every_resource_is_kept_as_sent(catalogue: Catalogue, db: None) -> None:
    project = make.project("All", catalogue=catalogue.slug)
    key = secret_for(project, *catalogue.scopes)
    for slug, resource in catalogue.resources.items():
        if resource.kind != "records":
            continue
        sent = {f.name: EXAMPLES[f.type] for f in resource.fields if f.type in EXAMPLES}
        sent |= {f.name: f.options[-1] for f in resource.fields if f.type == "single_choice"}
        sent |= {f.name: list(f.options) for f in resource.fields if f.type == "multiple_choice"}
        sent = {name: value for name, value in sent.items() if name not in schema.owned_fields(resource)}
        record = data(call("POST", f"/v1/{slug}", key, body=sent))
        assert {name: record[name] for name in sent} == sent, slug
        if "GET" in resource.methods:
            for field in (field for field in resource.fields if field.name in sent):
                value = sent[field.name][0] if field.type == "multiple_choice" else sent[field.name]
                text = str(value).lower() if isinstance(value, bool) else str(value)
                found = data(call("GET", f"/v1/{slug}?{field.name}={quote(text)}", key))["data"]
                assert [r["id"] for r in found] == [record["id"]], (slug, field)
