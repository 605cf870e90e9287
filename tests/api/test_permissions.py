"""Each resource, permission, method and address: a table says what a key may do, and nothing else is let through."""

from __future__ import annotations

from itertools import product

import pytest
from django.http import HttpResponse

from apps.accounts.models import User
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import service
from tests import make
from tests.api.call import call, problem, secret_for

BOLTCALL = catalogues.get("boltcall")
RESOURCES = list(BOLTCALL.resources)
STORED = [slug for slug, resource in BOLTCALL.resources.items() if resource.kind == "records"]
METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")

# (method, address) → the action that it needs; None: the address does not have the method, whoever asks.
NEEDS = {
    ("GET", "list"): "read",
    ("HEAD", "list"): "read",
    ("POST", "list"): "write",
    ("PATCH", "list"): None,
    ("PUT", "list"): None,
    ("DELETE", "list"): None,
    ("GET", "detail"): "read",
    ("HEAD", "detail"): "read",
    ("POST", "detail"): None,
    ("PATCH", "detail"): "write",
    ("PUT", "detail"): None,
    ("DELETE", "detail"): "write",
    ("GET", "schema"): "read",
    ("HEAD", "schema"): "read",
    ("POST", "schema"): None,
    ("PATCH", "schema"): None,
    ("PUT", "schema"): None,
    ("DELETE", "schema"): None,
}
ALLOW = {"list": "GET, HEAD, POST", "detail": "GET, HEAD, PATCH, DELETE", "schema": "GET, HEAD"}
SUCCESS = {"POST": 201, "DELETE": 204}
HAS = {"none": (), "read": ("read",), "write": ("write",), "both": ("read", "write")}


def sample(slug: str) -> dict[str, object]:
    """The least that a record of the resource needs."""
    values = {"text": "Ann", "phone": "+44 20 7946 0018"}
    return {field.name: values[field.type] for field in BOLTCALL.resources[slug].fields if field.required}


def secrets(project: Project, slug: str) -> dict[str, str]:
    """A key for each set of permissions on the resource. Each has every permission on another one: it must not help."""
    other = "calls" if slug != "calls" else "leads"
    others = [f"{other}:read", f"{other}:write"]
    actions = {action.slug for action in BOLTCALL.resources[slug].actions}
    return {
        has: secret_for(project, *others, *(f"{slug}:{a}" for a in needed if a in actions), name=f"{slug} {has}")
        for has, needed in HAS.items()
    }


@pytest.mark.parametrize("slug", RESOURCES)
def test_key_may_do_what_its_scopes_say_and_nothing_else(slug: str, project: Project) -> None:
    keys = secrets(project, slug)
    for (has, key), method, place in product(keys.items(), METHODS, ALLOW):
        address, exists = make_address(project, slug, place)
        response = call(method, address, key, body=sample(slug) if method in ("POST", "PATCH", "PUT") else None)
        expected = expected_status(slug, has, method, place)
        assert response.status_code == (404 if expected < 300 and not exists else expected), (has, method, place)
        if expected == 403:
            assert_forbidden(response, slug, str(NEEDS[method, place]), has)
        if expected == 405:
            allowed = ALLOW[place] if slug in STORED else "GET, HEAD"
            assert response["Allow"] == allowed
        if method == "HEAD":
            assert response.content == b""


def make_address(project: Project, slug: str, place: str) -> tuple[str, bool]:
    """The path, and whether something is there: figures have no single rows."""
    if place != "detail":
        return f"/v1/{slug}" + ("/schema" if place == "schema" else ""), True
    if slug not in STORED:
        return f"/v1/{slug}/rec_{'0' * 22}", False
    written = service.create_record(
        actor=make.TESTER, project_id=project.id, resource=BOLTCALL.resources[slug], data=sample(slug)
    )
    return f"/v1/{slug}/{written.record.id}", True


def expected_status(slug: str, has: str, method: str, place: str) -> int:
    needed = NEEDS[method, place]
    if needed is None or BOLTCALL.resources[slug].action(needed) is None:
        return 405
    return SUCCESS.get(method, 200) if needed in HAS[has] else 403


def assert_forbidden(response: HttpResponse, slug: str, needed: str, has: str) -> None:
    required = f"{slug}:{needed}"
    challenge = f'Bearer realm="boltkeys", error="insufficient_scope", scope="{required}"'
    assert response["WWW-Authenticate"] == challenge
    if response.content:  # HEAD has none
        body = problem(response, 403, "missing_scope")
        assert body["required_scope"] == required
        assert required not in body["granted_scopes"]
        assert {s for s in body["granted_scopes"] if s.startswith(f"{slug}:")} <= {f"{slug}:{a}" for a in HAS[has]}


def test_write_does_not_show_what_is_there(project: Project) -> None:
    key = secret_for(project, "leads:write")
    made = call("POST", "/v1/leads", key, body={"name": "Ann"})
    problem(call("GET", made["Location"], key), 403, "missing_scope")
    problem(call("GET", "/v1/leads", key), 403, "missing_scope")


@pytest.mark.parametrize("catalogue", ["boltly", "voice", "bolten"])
def test_every_catalogue_serves_its_resources(catalogue: str, alice: User) -> None:
    project = make.project("Other", catalogue=catalogue, administrator=alice)
    resources = catalogues.get(catalogue).resources
    key = secret_for(project, *catalogues.get(catalogue).scopes)
    for slug, resource in resources.items():
        expected = 404 if resource.kind == "management" else 200
        assert call("GET", f"/v1/{slug}", key).status_code == expected, slug


def test_write_includes_read_where_the_catalogue_says_so(alice: User) -> None:
    project = make.project("Voice", catalogue="voice", administrator=alice)
    key = secret_for(project, "contacts:write")
    assert call("GET", "/v1/contacts", key).status_code == 200
    problem(call("GET", "/v1/calls", key), 403, "missing_scope")


def test_unrestricted_key_may_do_everything(alice: User) -> None:
    project = make.project("Voice", catalogue="voice", administrator=alice)
    key = make.new_key(project, unrestricted=True).secret
    assert call("GET", "/v1/calls", key).status_code == 200
    assert call("POST", "/v1/contacts", key, body={"name": "Ann"}).status_code == 201


def test_what_a_catalogue_does_not_allow_is_405_with_what_it_does(alice: User) -> None:
    project = make.project("Bolten", catalogue="bolten", administrator=alice)
    key = secret_for(project, "contacts:read", "contacts:write")
    response = call("DELETE", f"/v1/contacts/rec_{'0' * 22}", key)
    problem(response, 405, "method_not_allowed")
    assert response["Allow"] == "GET, HEAD, PATCH"


def test_resource_of_another_catalogue_is_404(project: Project) -> None:
    problem(call("GET", "/v1/opportunities", secret_for(project, "leads:read")), 404, "unknown_resource")
