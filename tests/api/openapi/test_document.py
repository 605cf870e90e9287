"""/v1/openapi.json: whose document is answered, and how it is kept."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

import jsonschema_rs
import pytest
from django.conf import LazySettings

from apps.accounts.models import User
from apps.api.openapi import values
from apps.api.problems import CODES
from apps.core import fields, text
from apps.core import values as judged
from apps.core.errors import Invalid
from apps.core.fields import Field
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import fields as fields_service
from apps.records.fields import Definition
from tests import make
from tests.api.call import call, pointers, problem
from tests.api.openapi.documents import CATALOGUES, fetched, operations
from tests.api.people import access_of

pytestmark = pytest.mark.django_db
PATH = "/v1/openapi.json"


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_everybody_gets_the_document_of_a_catalogue(catalogue: str, settings: LazySettings) -> None:
    document = fetched(catalogue)
    assert document["openapi"].startswith("3.1.") and document["info"]["x-catalogue"] == catalogue
    assert [server["url"] for server in document["servers"]] == [settings.BASE_URL]


def test_what_operations_set_is_read_only_and_a_change_can_be_an_illegal_step() -> None:
    document = fetched("boltly")
    shown = document["components"]["schemas"]["Broadcast"]["properties"]
    read_only = {name for name, schema in shown.items() if schema.get("readOnly")} - {"id", "created_at", "updated_at"}
    assert read_only == {"status", "scheduled_at", "sent_at", "recipients"}
    for body in ("BroadcastCreate", "BroadcastUpdate"):
        assert {*document["components"]["schemas"][body]["properties"]} & read_only == set()
    changes = {path: each for (path, method), each in operations(document).items() if method == "PATCH"}
    refused = {path for path, each in changes.items() if "409" in each["responses"] and "/v1/d" not in path}
    assert {path.split("/")[2] for path in refused} == {"broadcasts", "templates"}
    assert "`approved` (which makes it a `draft`)" in changes["/v1/templates/{record_id}"]["description"]


def test_without_a_name_it_is_the_first() -> None:
    assert fetched()["info"]["x-catalogue"] == min(catalogues.load())


@pytest.mark.parametrize("name", ["", "nowhere", "Boltly", "%00", "../boltly"])
def test_name_that_no_catalogue_has_is_named(name: str) -> None:
    assert pointers(call("GET", f"{PATH}?catalogue={name}")) == {"?catalogue": "choice"}


def test_key_and_user_get_that_of_their_project(alice: User) -> None:
    project = make.project("Messages", catalogue="boltly", administrator=alice)
    key = make.new_key(project, scopes=["contacts:read"]).secret
    for who in (key, access_of(alice)):
        assert fetched(key=who)["info"]["x-catalogue"] == "boltly"
    assert fetched("voice", key=key)["info"]["x-catalogue"] == "voice"


def test_fields_are_those_that_the_project_has_now(alice: User) -> None:
    project = make.project("Sales", catalogue="bolten", administrator=alice)
    contacts = catalogues.get("bolten").resources["contacts"]
    key = make.new_key(project, scopes=["contacts:read"]).secret
    before = call("GET", PATH, key)
    fields_service.add_field(
        actor=make.TESTER,
        project_id=project.id,
        resource=contacts,
        definition=Definition("shoe_size", "Shoe size", "integer", required=True),
    )
    document = fetched(key=key)
    created = document["components"]["schemas"]["ContactCreate"]
    assert "shoe_size" in created["required"] and created["properties"]["shoe_size"]["type"] == "integer"
    assert document["components"]["schemas"]["Contact"]["properties"]["shoe_size"]["type"] == ["integer", "null"]
    assert "shoe_size" in {each.get("name") for each in document["paths"]["/v1/contacts"]["get"]["parameters"]}
    assert call("GET", PATH, key)["ETag"] != before["ETag"]
    assert "shoe_size" not in json.dumps(fetched("bolten"))


def test_key_that_is_sent_must_be_good(project: Project) -> None:
    problem(call("GET", PATH, "sk_live_mistyped"), 401, "malformed")
    problem(call("GET", PATH, X_API_Key="x", Authorization="Bearer y"), 400, "two_keys")


def test_it_is_kept_by_everybody_and_asked_for_anew() -> None:
    first = call("GET", f"{PATH}?catalogue=voice")
    assert first["Cache-Control"] == "public, max-age=300"
    assert {"Authorization", "X-API-Key", "X-Project"} <= set(first["Vary"].split(", "))
    again = call("GET", f"{PATH}?catalogue=voice", If_None_Match=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert call("GET", f"{PATH}?catalogue=bolten")["ETag"] != first["ETag"]


def test_that_of_a_project_is_kept_by_its_own_people_alone(project: Project) -> None:
    key = make.new_key(project).secret
    answer = call("GET", PATH, key)
    assert answer["Cache-Control"] == "private, no-cache" and "RateLimit" in answer
    assert call("GET", PATH, key, If_None_Match=answer["ETag"]).status_code == 304


def test_all_else_is_in_no_cache(project: Project) -> None:
    assert call("GET", "/v1/me", make.new_key(project).secret)["Cache-Control"] == "no-store"
    assert call("GET", f"{PATH}?catalogue=nowhere")["Cache-Control"] == "no-store"


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_names_are_there_once_and_references_lead_somewhere(catalogue: str) -> None:
    document = fetched(catalogue)
    names = [operation["operationId"] for operation in operations(document).values()]
    assert len(set(names)) == len(names) and all(re.fullmatch("[a-z][a-z_]+", name) for name in names)
    for reference in set(re.findall(r'"#/([^"]+)"', json.dumps(document))):
        part: Any = document
        for step in reference.split("/"):
            part = part[step]


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_scope_that_an_operation_needs_is_one_of_the_catalogue(catalogue: str) -> None:
    needed = {o.get("x-required-scope") for o in operations(fetched(catalogue)).values()} - {None}
    assert needed <= set(catalogues.get(catalogue).scopes)
    of_records = {
        f"{r.slug}:{a.slug}" for r in catalogues.get(catalogue).resources.values() for a in r.actions if r.methods
    }
    assert of_records <= needed


def test_every_code_stands_with_a_response() -> None:
    told = {code for each in fetched("boltly")["components"]["responses"].values() for code in each["x-codes"]}
    assert told == set(CODES)


SAMPLES: dict[str, list[object]] = {
    "text": ["", " ", "a", "é", "日本", "\u200b", "\x00", "a\x00", "\x01", "😀", "x" * 1000, "x" * 1001, 7, []],
    "long_text": ["", "a\nb", "x" * 20_000, "x" * 20_001, 7],
    "number": [0, -1.5, 2**53, 2**53 + 2, -(2**53) - 2, "1", True, [1]],
    "integer": [0, 1.0, 1.5, 2**53, 2**54, "1", False],
    "boolean": [True, False, 0, "true"],
    "date": ["2026-03-31", "2026-02-30", "0000-01-01", "2026-3-1", "2026-03-31T00:00:00Z", "20260331", 7],
    "date_time": [
        *("2026-03-31T09:30:00Z", "2026-03-31t09:30:00.123456789z", "2026-03-31T09:30:00+02:00"),
        *("2026-03-31T09:30:00", "2026-03-31T09:30:60Z", "2026-03-31T24:00:00Z", "2026-03-31T09:30Z", "now", 7),
        *("2026-02-30T09:30:00Z", "0000-01-01T00:00:00Z"),
    ],
    "email": ["ann@example.com", "a.b+c@x.y.co", "ann", "a@b", "a..b@c.de", "a@b.1c", "ü@ö.de"],
    "phone": ["+44 20 7946 0018", "112", "1", "call me", "(030) 1234", "+1" * 9],
    "url": [
        *("https://example.com", "HTTP://a.b:80/x?y#z", "http://u:p@a.b", "ftp://a.b", "https://", "//a.b"),
        *("https://[::1]/", "https://a b", "https://ö.de/ä"),
    ],
    "single_choice": ["a", "b", "c", "", 1, ["a"]],
    "multiple_choice": [[], ["a"], ["a", "b"], ["a", "a"], ["c"], "a"],
}  # fmt: skip


@pytest.mark.parametrize("required", [False, True])
@pytest.mark.parametrize("type", list(fields.TYPES))
def test_schema_of_a_field_says_what_the_rules_say(type: str, required: bool) -> None:
    """Judged by a validator of JSON Schema that has the flag `u`, as the standard wants it."""
    field = Field("x", "X", type, required, ("a", "b") if type in fields.CHOICES else ())
    validator = jsonschema_rs.Draft202012Validator(values.sent(field), validate_formats=True)
    for value in [*SAMPLES[type], None]:
        assert validator.is_valid(value) == is_taken(field, value), value


def is_taken(field: Field, value: object) -> bool:
    try:
        judged.clean([field], {field.name: value}, partial=False)
    except Invalid:
        return False
    return True


def test_schema_of_a_name_says_what_the_rules_say() -> None:
    validator = jsonschema_rs.Draft202012Validator(values.name(80))
    tried = [chr(code) for code in range(0x3000) if unicodedata.category(chr(code)) != "Cn"]
    for name in [*tried, "", "Website", "a b", "👩\u200d🚀", "x" * 81, "a\u202eb", "日本"]:
        try:
            taken = bool(text.clean_name(name))
        except Invalid:
            taken = False
        assert validator.is_valid(name) == taken, ascii(name)
