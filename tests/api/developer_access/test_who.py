"""Who may manage keys: an administrator's access token, or a key that may."""

from __future__ import annotations

import pytest

from apps.accounts.models import User
from apps.projects import catalogues
from apps.projects.models import Project
from tests import make
from tests.api.call import call, data, problem, secret_for
from tests.api.developer_access.managing import KEYS
from tests.api.people import access_of

pytestmark = pytest.mark.django_db


ENDPOINTS = [
    ("GET", "", None, "tokens:read", 200),
    ("HEAD", "", None, "tokens:read", 200),
    ("POST", "", {"name": "New", "scopes": ["contacts:read"]}, "tokens:create", 201),
    ("GET", "/{id}", None, "tokens:read", 200),
    ("GET", "/{id}/usage", None, "tokens:read", 200),
    ("POST", "/{id}/rotate", {"grace_seconds": 60}, "tokens:create", 201),
    ("POST", "/{id}/revoke", {"reason": "unused"}, "tokens:create", 200),
    ("DELETE", "/{id}", None, "tokens:create", 204),
]


@pytest.mark.parametrize(("method", "path", "sent", "needed", "status"), ENDPOINTS)
def test_each_endpoint_needs_its_permission_or_an_administrator(
    method: str, path: str, sent: object, needed: str, status: int, boltly: Project, alice: User, bob: User
) -> None:
    make.MemberGrant.objects.create(membership=bob.memberships.get(), resource="tokens", action="create")
    other = {"tokens:read": "tokens:create", "tokens:create": "tokens:read"}[needed]
    target = make.key(boltly, "Target", scopes=["contacts:read"])
    address = KEYS + path.format(id=target.pk)
    refused = {
        "nobody": "",
        "another permission": secret_for(boltly, other, "contacts:read", name="Another"),
        "a member": access_of(bob),
        "somebody else's administrator": access_of(_stranger()),
    }
    expected = {"nobody": 401, "another permission": 403, "a member": 403, "somebody else's administrator": 404}
    for name, who in refused.items():
        found = call(method, address, who, body=sent, **({} if name != "somebody else's administrator" else OTHER))
        assert found.status_code == expected[name], (name, found.content)
    target.refresh_from_db()
    assert (target.revoked_at, target.rotated_to) == (None, None)
    good = [secret_for(boltly, needed, "contacts:read", name="Good"), access_of(alice)]
    for n, who in enumerate(good):
        mine = make.key(boltly, f"Mine {n}", scopes=["contacts:read"])
        body = {**sent, "name": f"New {n}"} if isinstance(sent, dict) and "name" in sent else sent
        assert call(method, KEYS + path.format(id=mine.pk), who, body=body).status_code == status


OTHER = {"X_Project": "messages"}


def _stranger() -> User:
    mallory = make.user("mallory@example.com")
    make.project("Theirs", catalogue="boltly", administrator=mallory)
    return mallory


@pytest.mark.parametrize("catalogue", ["boltcall", "bolten"])
def test_keys_of_a_catalogue_without_the_permission_manage_nothing(catalogue: str, alice: User) -> None:
    project = make.project("Other", catalogue=catalogue, administrator=alice)
    everything = secret_for(project, *catalogues.get(catalogue).scopes, name="Everything")
    response = call("GET", KEYS, everything)
    body = problem(response, 403, "missing_scope")
    assert body["required_scope"] is None
    assert response["WWW-Authenticate"] == 'Bearer realm="boltkeys", error="insufficient_scope"'
    mine = make.new_key(None, "Alice's", owner=alice).secret
    problem(call("GET", KEYS, mine), 403, "missing_scope")
    assert call("GET", KEYS, access_of(alice)).status_code == 200


def test_keys_of_another_project_are_not_there(who: str, alice: User) -> None:
    other = make.project("Other", catalogue="boltly", administrator=make.user("dora@example.com"))
    foreign = make.key(other, "Foreign", scopes=["contacts:read"])
    assert foreign.pk not in call("GET", f"{KEYS}?q=Foreign", who).content.decode()
    for method, path, sent in (
        ("GET", "", None), ("DELETE", "", None), ("POST", "/revoke", {"reason": "x"}), ("POST", "/rotate", {}),
        ("GET", "/usage", None),
    ):  # fmt: skip
        answers = []
        for key_id in (foreign.pk, "key_" + "0" * 22, "nonsense", "%00", "a'b", "k" * 3000):
            body = problem(call(method, f"{KEYS}/{key_id}{path}", who, body=sent), 404, "not_found")
            del body["instance"], body["request_id"]
            answers.append(body)
        assert all(answer == answers[0] for answer in answers)
    foreign.refresh_from_db()
    assert (foreign.revoked_at, foreign.rotated_to) == (None, None)


def test_x_api_key_works_as_bearer_does(boltly: Project) -> None:
    key = secret_for(boltly, "tokens:read")
    assert call("GET", KEYS, X_API_Key=key).status_code == 200


def test_what_was_refused_is_counted_as_refused(boltly: Project, alice: User) -> None:
    new = make.new_key(boltly, "Reader", scopes=["tokens:read"])
    call("GET", KEYS, new.secret)
    call("POST", KEYS, new.secret, body={"name": "W", "scopes": ["tokens:read"]})
    usage = data(call("GET", f"{KEYS}/{new.key.pk}/usage", access_of(alice)))
    assert {(c["resource"], c["outcome"]): c["count"] for c in usage["data"]} == {
        ("tokens", "ok"): 1, ("tokens", "missing_scope"): 1,
    }  # fmt: skip
