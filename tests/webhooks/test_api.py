"""/v1/developer-access/webhooks, by keys of catalogues that let keys in, and by administrators."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse

from apps.accounts.models import User
from apps.audit.models import Event
from apps.projects.models import Project
from apps.webhooks import delivering
from apps.webhooks.models import Delivery, Endpoint
from tests import make
from tests.api.call import call, data, pointers, problem, secret_for
from tests.api.people import access_of
from tests.webhooks import make as hooks
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db

HOOKS = "/v1/developer-access/webhooks"
URL = "https://8.8.8.8/hooks"  # nothing is sent there
NOBODY = f"{HOOKS}/whk_" + "0" * 22


@pytest.fixture
def voice(alice: User) -> Project:
    return make.project("Voice", catalogue="voice", administrator=alice)


@pytest.fixture
def key(voice: Project) -> str:
    return secret_for(voice, "webhooks:write")


def create(key: str, url: str = URL, events: object = ("agent.created", "key.revoked"), **headers: str) -> HttpResponse:
    return call("POST", HOOKS, key, body={"url": url, "events": events}, **headers)


def test_a_subscription_is_made_and_its_secret_shown_once(voice: Project, key: str) -> None:
    answer = create(key)
    made = data(answer)
    assert answer.status_code == 201
    assert answer["Location"] == f"{HOOKS}/{made['id']}"
    assert made["secret"].startswith("whsec_")
    shown = {"id", "url", "events", "status", "created_at"}
    assert set(made) == shown | {"secret"}
    assert (made["url"], made["events"], made["status"]) == (URL, ["agent.created", "key.revoked"], "active")
    one = data(call("GET", f"{HOOKS}/{made['id']}", key))
    assert set(one) == shown
    assert data(call("GET", HOOKS, key)) == {"data": [one], "next_cursor": None}
    event = Event.objects.get(type="webhook.created")
    assert (event.actor_kind, event.target_id) == ("key", made["id"])


def test_what_is_sent_again_makes_one_and_shows_no_secret(voice: Project, key: str) -> None:
    first, second = (data(create(key, Idempotency_Key="once")) for _ in range(2))
    assert first["secret"]
    assert (second["id"], second["secret"]) == (first["id"], None)
    assert Endpoint.objects.count() == 1


def test_url_events_and_status_can_be_changed(voice: Project, key: str) -> None:
    path = f"{HOOKS}/{data(create(key))['id']}"
    change = {"url": f"{URL}/new", "events": ["key.expired"], "status": "disabled"}
    assert data(call("PATCH", path, key, body=change)) | change == data(call("GET", path, key))
    assert data(call("PATCH", path, key, body={"url": None})) == data(call("GET", path, key))


def test_event_that_is_none_is_told_those_that_are(voice: Project, key: str) -> None:
    body = problem(create(key, events=["call.made", "sale.made"]), 422, "invalid")
    assert "There are call.created, call.updated, call.deleted." in body["errors"][0]["detail"]
    assert "lists them all" in body["errors"][1]["detail"]


def test_each_fault_is_named(voice: Project, key: str) -> None:
    assert pointers(create(key, "http://x.io/", ["lead.created"])) == {"/url": "https", "/events/0": "unknown_event"}
    assert pointers(create(key, "https://127.0.0.1/", ["key.revoked"])) == {"/url": "private_address"}
    assert pointers(call("POST", HOOKS, key, body={})) == {"/url": "required", "/events": "required"}
    assert pointers(call("POST", HOOKS, key, body={"url": 1, "events": "x"})) == {"/url": "type", "/events": "type"}
    path = f"{HOOKS}/{data(create(key))['id']}"
    assert pointers(call("PATCH", path, key, body={"status": "on", "events": []})) == {
        "/status": "choice",
        "/events": "required",
    }
    assert pointers(call("PATCH", path, key, body={"x": 1}, Prefer="handling=strict")) == {"/x": "unknown_field"}


def test_unknown_members_are_ignored_and_listed(voice: Project, key: str) -> None:
    answer = call("POST", HOOKS, key, body={"url": URL, "events": ["key.revoked"], "secret": "mine", "x": 1})
    assert answer["Boltkeys-Ignored-Fields"] == "secret, x"
    assert data(answer)["secret"] != "mine"


def test_what_is_deleted_is_gone(voice: Project, key: str) -> None:
    path = f"{HOOKS}/{data(create(key))['id']}"
    assert call("DELETE", path, key).status_code == 204
    for method in ("GET", "DELETE", "PATCH"):
        problem(call(method, path, key, body={} if method == "PATCH" else None), 404, "not_found")
    assert data(call("GET", HOOKS, key))["data"] == []


def test_rotation_shows_another_secret(voice: Project, key: str) -> None:
    made = data(create(key))
    rotated = data(call("POST", f"{HOOKS}/{made['id']}/rotate", key, body={}))
    assert rotated["secret"] not in (None, made["secret"])
    assert rotated["id"] == made["id"]


def test_a_test_event_arrives_and_its_attempt_is_listed(voice: Project, key: str, receiver: Receiver) -> None:
    path = f"{HOOKS}/{data(create(key, receiver.url))['id']}"
    answer = call("POST", f"{path}/test", key)
    assert answer.status_code == 202
    sent = json.loads(answer.content)
    assert (sent["event"], sent["status"], sent["attempts"]) == ("webhook.test", "pending", [])
    delivering.attempt(sent["id"])
    (listed,) = data(call("GET", f"{path}/deliveries", key))["data"]
    assert (listed["id"], listed["status"], listed["next_attempt_at"]) == (sent["id"], "delivered", None)
    assert listed["payload"] == json.loads(receiver.messages[0].body)
    (attempt,) = listed["attempts"]
    assert (attempt["number"], attempt["response_status"], attempt["error"]) == (1, 204, None)


def test_a_failed_attempt_says_why(voice: Project, key: str) -> None:
    made = data(create(key, "https://hooks.example.invalid/"))
    sent = json.loads(call("POST", f"{HOOKS}/{made['id']}/test", key).content)
    delivering.attempt(sent["id"])
    (listed,) = data(call("GET", f"{HOOKS}/{made['id']}/deliveries", key))["data"]
    assert listed["status"] == "pending"
    assert listed["next_attempt_at"]
    assert listed["attempts"][0]["error"] == "dns"


def test_deliveries_come_in_pages_that_miss_and_repeat_none(voice: Project, key: str) -> None:
    path = f"{HOOKS}/{data(create(key))['id']}"
    sent = [json.loads(call("POST", f"{path}/test", key).content)["id"] for _ in range(5)]
    met: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = data(call("GET", f"{path}/deliveries?limit=2{f'&cursor={cursor}' if cursor else ''}", key))
        met += [each["id"] for each in page["data"]]
        cursor = page["next_cursor"]
    assert met == sent[::-1]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "cursor=x", "order=created_at", "updated_since=x", "limit=1&limit=2"]
)
def test_a_query_that_cannot_be_is_refused(voice: Project, key: str, query: str) -> None:
    problem(call("GET", f"{HOOKS}?{query}", key), 422, "invalid")


@pytest.mark.parametrize("odd", ["%00", "whk_x", "a%2fb", "..%2f", "%ff", "x" * 2000])
def test_odd_ids_are_not_found(voice: Project, key: str, odd: str) -> None:
    for method, rest in (("GET", ""), ("DELETE", ""), ("GET", "/deliveries"), ("POST", "/test"), ("POST", "/rotate")):
        problem(call(method, f"{HOOKS}/{odd}{rest}", key), 404, "not_found")


# --- Who may


CALLS: tuple[tuple[str, str, Any, str], ...] = (
    ("GET", HOOKS, None, "webhooks:read"),
    ("POST", HOOKS, {"url": URL, "events": ["key.revoked"]}, "webhooks:write"),
    ("GET", NOBODY, None, "webhooks:read"),
    ("PATCH", NOBODY, {}, "webhooks:write"),
    ("DELETE", NOBODY, None, "webhooks:write"),
    ("POST", f"{NOBODY}/test", {}, "webhooks:write"),
    ("POST", f"{NOBODY}/rotate", {}, "webhooks:write"),
    ("GET", f"{NOBODY}/deliveries", None, "webhooks:read"),
)


@pytest.mark.parametrize(("method", "path", "body", "scope"), CALLS)
def test_a_key_needs_the_permission_of_its_catalogue(
    voice: Project, method: str, path: str, body: Any, scope: str
) -> None:
    others = [s for s in ("webhooks:read", "api_keys:write", "agents:write") if s != scope]
    refused = problem(call(method, path, secret_for(voice, *others), body=body), 403, "missing_scope")
    assert refused["required_scope"] == scope
    answer = call(method, path, secret_for(voice, scope, name="right"), body=body)
    assert answer.status_code in (200, 201, 404)


@pytest.mark.parametrize(("method", "path", "body", "scope"), CALLS)
def test_in_boltly_the_tokens_resource_guards_them(alice: User, method: str, path: str, body: Any, scope: str) -> None:
    boltly = make.project("Boltly", catalogue="boltly", administrator=alice)
    scope = "tokens:read" if scope.endswith("read") else "tokens:create"
    other = "tokens:create" if scope.endswith("read") else "tokens:read"
    problem(call(method, path, secret_for(boltly, other), body=body), 403, "missing_scope")
    assert call(method, path, secret_for(boltly, scope), body=body).status_code in (200, 201, 404)


@pytest.mark.parametrize(("method", "path", "body", "scope"), CALLS)
def test_no_key_of_boltcall_is_let_in(project: Project, method: str, path: str, body: Any, scope: str) -> None:
    key = secret_for(project, "leads:read", "leads:write", "integrations:write")
    problem(call(method, path, key, body=body), 403, "missing_scope")


def test_an_administrator_may_and_nobody_else(
    project: Project, alice: User, bob: User, carol: User, mallory: User
) -> None:
    administrator, *others, outsider = (access_of(person) for person in (alice, bob, carol, mallory))
    for method, path, body, _ in CALLS:
        asked: dict[str, Any] = {"body": body, "X_Project": project.slug}
        for token in others:
            problem(call(method, path, token, **asked), 403, "forbidden")
        problem(call(method, path, outsider, **asked), 404, "unknown_project")
        problem(call(method, path, "", **asked), 401, "unauthenticated")
        assert call(method, path, administrator, **asked).status_code in (200, 201, 404)


def test_another_projects_webhook_is_as_missing_as_none(voice: Project, key: str) -> None:
    made = data(create(key))
    other = secret_for(make.project("Other", catalogue="voice"), "webhooks:write")
    here, nowhere = f"{HOOKS}/{made['id']}", NOBODY
    for method, rest in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/deliveries"),
        ("POST", "/test"),
        ("POST", "/rotate"),
    ):
        body = {"status": "disabled"} if method == "PATCH" else None
        answers = [call(method, path + rest, other, body=body) for path in (here, nowhere)]
        first, second = (problem(a, 404, "not_found") for a in answers)
        assert first["detail"] == second["detail"]
    assert data(call("GET", HOOKS, other))["data"] == []
    assert data(call("GET", here, key))["status"] == "active"


def test_a_delivery_of_another_endpoint_is_in_no_list_but_its_own(project: Project, alice: User) -> None:
    first, second = (hooks.endpoint(project, URL).endpoint for _ in range(2))
    hooks.lead(project)
    listed = data(call("GET", f"{HOOKS}/{first.id}/deliveries", access_of(alice)))["data"]
    assert [d["id"] for d in listed] == [Delivery.objects.get(endpoint=first).id]
    assert Delivery.objects.filter(endpoint=second).count() == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_methods_that_a_route_does_not_have(voice: Project, key: str, method: str) -> None:
    answer = call(method, HOOKS, key, body={})
    problem(answer, 405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) >= {"GET", "POST"}
