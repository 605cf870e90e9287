"""Operations of boltly's catalogue: who may do which; tags and messages."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from django.db import connections

from apps.accounts.models import User
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import operations, queries
from apps.records.models import Message, Metrics, Record
from apps.webhooks.models import Delivery
from tests import make
from tests.api.boltly import ALL, BOLTLY, do, events, in_state, new
from tests.api.call import call, data, pointers, problem, secret_for
from tests.api.people import access_of
from tests.webhooks import make as hooks


@pytest.fixture
def boltly(alice: User) -> Project:
    return make.project("Boltly", catalogue="boltly", administrator=alice)


@pytest.fixture
def key(boltly: Project) -> str:
    return secret_for(boltly, *ALL)


# --- who may do which ------------------------------------------------------------------------------------------------


class Operation(NamedTuple):
    resource: str
    rest: str
    method: str
    scope: str
    status: int
    body: dict[str, Any] | None = None
    state: str = ""


OPERATIONS = [
    Operation("contacts", "/tags/vip", "PUT", "contacts:manage", 200),
    Operation("contacts", "/tags/vip", "DELETE", "contacts:manage", 204),
    Operation("inbox", "/messages", "GET", "inbox:read", 200),
    Operation("inbox", "/messages", "HEAD", "inbox:read", 200),
    Operation("inbox", "/messages", "POST", "inbox:write", 201, {"text": "Hello"}),
    Operation("broadcasts", "/metrics", "GET", "broadcasts:read", 200),
    Operation("broadcasts", "/metrics", "HEAD", "broadcasts:read", 200),
    Operation("broadcasts", "/schedule", "POST", "broadcasts:create", 200),
    Operation("broadcasts", "/unschedule", "POST", "broadcasts:create", 200, None, "scheduled"),
    Operation("broadcasts", "/send", "POST", "broadcasts:send", 200),
    Operation("broadcasts", "/retry", "POST", "broadcasts:send", 200, None, "failed"),
    Operation("broadcasts", "/report", "POST", "broadcasts:send", 200, {"status": "sent"}, "sending"),
    Operation("templates", "/submit", "POST", "templates:create", 200),
    Operation("templates", "/report", "POST", "templates:manage", 200, {"status": "approved"}, "submitted"),
    Operation("templates", "sync", "POST", "templates:manage", 202),
]
ALLOW = {
    "/tags/vip": "PUT, DELETE",
    "/messages": "GET, HEAD, POST",
    "/metrics": "GET, HEAD",
}


def path_of(project: Project, each: Operation) -> str:
    if not each.rest.startswith("/"):
        return f"/v1/{each.resource}/{each.rest}"
    return (in_state(project, each.resource, each.state) if each.state else new(project, each.resource)) + each.rest


def named(each: Operation) -> str:
    return f"{each.method} {each.resource}{each.rest}"


@pytest.mark.parametrize("each", OPERATIONS, ids=named)
def test_operation_needs_its_own_scope_and_no_other(each: Operation, boltly: Project) -> None:
    path = path_of(boltly, each)
    others = secret_for(boltly, *(scope for scope in BOLTLY.scopes if scope != each.scope), name="others")
    refused = call(each.method, path, others, body=each.body)
    assert refused.status_code == 403
    assert f'scope="{each.scope}"' in refused["WWW-Authenticate"]
    if each.method != "HEAD":
        assert problem(refused, 403, "missing_scope")["required_scope"] == each.scope
    assert call(each.method, path, secret_for(boltly, each.scope), body=each.body).status_code == each.status


@pytest.mark.parametrize("each", OPERATIONS, ids=named)
def test_people_need_what_keys_need(each: Operation, boltly: Project, alice: User, bob: User) -> None:
    path = path_of(boltly, each)
    make.member(boltly, bob, "member", tuple(scope for scope in BOLTLY.scopes if scope != each.scope))
    assert call(each.method, path, access_of(bob), body=each.body).status_code == 403
    assert call(each.method, path, access_of(alice), body=each.body).status_code == each.status


@pytest.mark.parametrize("each", [o for o in OPERATIONS if o.rest.startswith("/")], ids=named)
def test_key_of_another_project_finds_nothing(each: Operation, boltly: Project) -> None:
    path = path_of(boltly, each)
    before = list(Record.objects.values_list("data", "tags", "updated_at"))
    other = secret_for(make.project("Other", catalogue="boltly"), *ALL)
    foreign = call(each.method, path, other, body=each.body)
    nothing = call(each.method, path.replace(path.split("/")[3], "rec_" + "0" * 22), other, body=each.body)
    assert (foreign.status_code, nothing.status_code) == (404, 404)
    if each.method != "HEAD":
        bodies = [problem(response, 404, "not_found") for response in (foreign, nothing)]
        for body in bodies:
            del body["instance"], body["request_id"]
        assert bodies[0] == bodies[1]
    assert list(Record.objects.values_list("data", "tags", "updated_at")) == before
    assert not Message.objects.exists() and not Metrics.objects.exists()


@pytest.mark.parametrize("each", [o for o in OPERATIONS if o.rest.startswith("/")], ids=named)
@pytest.mark.parametrize("record_id", ["x", "rec_%00", "%FF", "rec_' OR 1=1", "x" * 3000])
def test_id_that_does_not_exist_is_404(record_id: str, each: Operation, key: str) -> None:
    assert call(each.method, f"/v1/{each.resource}/{record_id}{each.rest}", key, body=each.body).status_code == 404


def test_record_of_another_resource_is_not_found(key: str, boltly: Project) -> None:
    template = new(boltly, "templates").split("/")[3]
    problem(do(key, f"/v1/broadcasts/{template}", "send"), 404, "not_found")


@pytest.mark.parametrize("each", OPERATIONS, ids=named)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_other_methods_are_405_with_those_that_there_are(
    method: str, each: Operation, key: str, boltly: Project
) -> None:
    allowed = ALLOW.get(each.rest, "POST")
    if method in allowed.split(", "):
        return
    response = call(method, path_of(boltly, each), key, body={} if method in ("POST", "PUT", "PATCH") else None)
    assert (response.status_code, response["Allow"]) == (405, allowed)


def test_operation_that_the_catalogue_does_not_know_is_405_and_allows_nothing(project: Project) -> None:
    everything = secret_for(project, *catalogues.get("boltcall").scopes)
    response = call("PUT", f"/v1/contacts/rec_{'0' * 22}/tags/vip", everything)
    problem(response, 405, "method_not_allowed")
    assert response["Allow"] == ""
    problem(do(everything, "/v1/broadcasts/x", "send"), 404, "unknown_resource")
    problem(do(everything, "/v1/leads/x", "send"), 404, "not_found")


@pytest.mark.parametrize("each", [o for o in OPERATIONS if o.method in ("POST", "PUT")], ids=named)
def test_body_is_read_as_everywhere(each: Operation, key: str, boltly: Project) -> None:
    path = path_of(boltly, each)
    problem(call(each.method, path, key, body=b"{", **{"Content-Type": "application/json"}), 400, "invalid_json")
    problem(call(each.method, path, key, body=b"x=1", **{"Content-Type": "text/plain"}), 415, "unsupported_media_type")
    problem(call(each.method, path, key, body=b"x" * 2_000_000), 413, "too_large")
    extra = {**(each.body or {}), "nope": 1}
    assert pointers(call(each.method, path, key, body=extra, Prefer="handling=strict")) == {"/nope": "unknown_field"}
    response = call(each.method, path, key, body=extra)
    assert (response.status_code, response["Boltkeys-Ignored-Fields"]) == (each.status, "nope")


# --- tags ------------------------------------------------------------------------------------------------------------


def test_tags_are_set_and_removed_and_shown_with_the_contact(key: str, boltly: Project) -> None:
    path = new(boltly, "contacts")
    assert data(call("GET", path, key))["tags"] == []
    for tag in ("vip", "beta%20test", "vip", "%C3%BC"):
        response = call("PUT", f"{path}/tags/{tag}", key)
    assert data(response) == {"id": path.split("/")[3], "tags": ["beta test", "vip", "ü"]}
    assert data(call("GET", "/v1/contacts", key))["data"][0]["tags"] == ["beta test", "vip", "ü"]
    for _ in range(2):
        assert call("DELETE", f"{path}/tags/vip", key).status_code == 204
    contact = data(call("PATCH", path, key, body={"notes": "x", "tags": ["no"]}))
    assert (contact["tags"], contact["notes"]) == (["beta test", "ü"], "x")
    assert events() == ["contact.created", *["contact.tagged"] * 3, "contact.untagged", "contact.updated"]


@pytest.mark.parametrize("tag", [".", "..", "%2E%2E"])
def test_tag_that_a_client_would_take_for_a_step_in_the_path_is_refused(tag: str, key: str, boltly: Project) -> None:
    assert pointers(call("PUT", f"{new(boltly, 'contacts')}/tags/{tag}", key)) == {"{tag}": "format"}


def test_change_of_tags_is_seen_by_who_syncs(key: str, boltly: Project) -> None:
    path = new(boltly, "contacts")
    before = data(call("GET", path, key))["updated_at"]
    call("PUT", f"{path}/tags/vip", key)
    tagged = data(call("GET", path, key))["updated_at"]
    call("PUT", f"{path}/tags/vip", key)
    assert before < tagged == data(call("GET", path, key))["updated_at"]


@pytest.mark.parametrize("tag", ["%00", "%0A", "x" * 51, "%E2%80%AE", "%20", "%FF%00"])
def test_what_cannot_be_a_tag_is_422(tag: str, key: str, boltly: Project) -> None:
    path = new(boltly, "contacts")
    for method in ("PUT", "DELETE"):
        assert set(pointers(call(method, f"{path}/tags/{tag}", key))) == {"{tag}"}
    assert Record.objects.get().tags == []


def test_there_are_so_many_tags_and_no_more(key: str, boltly: Project) -> None:
    path = new(boltly, "contacts")
    Record.objects.update(tags=[f"t{n:02}" for n in range(50)])
    problem(call("PUT", f"{path}/tags/more", key), 409, "conflict")
    assert call("PUT", f"{path}/tags/t07", key).status_code == 200
    assert call("DELETE", f"{path}/tags/t07", key).status_code == 204
    assert call("PUT", f"{path}/tags/more", key).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_tags_set_at_the_same_moment_are_all_kept() -> None:
    project = make.project("Boltly", catalogue="boltly")
    key, path = secret_for(project, *ALL), new(project, "contacts")
    together = threading.Barrier(6)

    def one(n: int) -> int:
        together.wait()
        try:
            return call("PUT", f"{path}/tags/t{n}", key).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(one, range(6))) == {200}
    assert Record.objects.get().tags == [f"t{n}" for n in range(6)]


# --- messages --------------------------------------------------------------------------------------------------------


def test_messages_are_listed_by_pages_and_told_of(key: str, boltly: Project) -> None:
    hooks.endpoint(boltly, "https://8.8.8.8/hooks", "conversation.messaged")
    path = new(boltly, "inbox")
    made = [data(do(key, path, "messages", {"text": f"No. {n}"})) for n in range(5)]
    assert list(made[0]) == ["id", "created_at", "direction", "text"]
    assert (made[0]["direction"], made[0]["text"]) == ("outbound", "No. 0")
    first = data(call("GET", f"{path}/messages?limit=3&order=created_at", key))
    rest = data(call("GET", f"{path}/messages?limit=3&order=created_at&cursor={first['next_cursor']}", key))
    assert (first["data"] + rest["data"], rest["next_cursor"]) == (made, None)
    assert data(call("GET", f"{path}/messages", key))["data"] == made[::-1]
    assert data(call("GET", path, key))["last_message_at"] == made[-1]["created_at"]
    assert data(call("GET", new(boltly, "inbox") + "/messages", key))["data"] == []
    assert Delivery.objects.count() == 5
    assert "No. " not in "".join(Delivery.objects.values_list("payload", flat=True))


def test_what_came_in_is_told_apart(key: str, boltly: Project) -> None:
    path = new(boltly, "inbox")
    assert data(do(key, path, "messages", {"text": "Hi", "direction": "inbound"}))["direction"] == "inbound"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"/text": "required"}),
        ({"text": ""}, {"/text": "required"}),
        ({"text": None}, {"/text": "null"}),
        ({"text": 1, "direction": "up"}, {"/text": "type", "/direction": "choice"}),
        ({"text": "x" * 20_001}, {"/text": "too_long"}),
        ({"text": "a\x00"}, {"/text": "text"}),
    ],
)
def test_faulty_message_is_422(body: dict[str, Any], expected: dict[str, str], key: str, boltly: Project) -> None:
    assert pointers(do(key, new(boltly, "inbox"), "messages", body)) == expected
    assert not Message.objects.exists()


@pytest.mark.parametrize("query", ["order=updated_at", "updated_since=2026-01-01T00:00:00Z", "cursor=x", "limit=0"])
def test_lists_of_messages_have_no_other_order(query: str, key: str, boltly: Project) -> None:
    problem(call("GET", f"{new(boltly, 'inbox')}/messages?{query}", key), 422, "invalid")


def test_message_that_is_sent_again_is_stored_once(key: str, boltly: Project) -> None:
    path = new(boltly, "inbox")
    first, again = (do(key, path, "messages", {"text": "Hi"}, Idempotency_Key="m-1") for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert Message.objects.count() == 1


def test_message_whose_answer_was_cut_off_is_stored_once(boltly: Project) -> None:
    """What the API reserves for a request with an Idempotency-Key is handed to the service each time."""
    where: Any = {"actor": make.TESTER, "project_id": boltly.id, "resource": BOLTLY.resources["inbox"]}
    where |= {"record_id": new(boltly, "inbox").split("/")[3], "data": {"text": "Hi"}, "message_id": "mes_" + "x" * 22}
    first, again = (operations.add_message(**where) for _ in range(2))
    assert first.message == again.message == Message.objects.get()
    assert events() == ["conversation.created", "conversation.messaged"]


def test_answer_that_was_cut_off_is_made_up_for_with_the_same_message(
    key: str, boltly: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = new(boltly, "inbox")
    with monkeypatch.context() as cut:
        cut.setattr(queries, "message_json", lambda message: 1 / 0)
        problem(do(key, path, "messages", {"text": "Hi"}, Idempotency_Key="m-1"), 500, "internal_error")
    again = data(do(key, path, "messages", {"text": "Hi"}, Idempotency_Key="m-1"))
    assert again["id"] == Message.objects.get().pk


def test_contact_that_is_deleted_takes_nothing_else_along(key: str, boltly: Project) -> None:
    path, other = new(boltly, "contacts"), new(boltly, "inbox")
    do(key, other, "messages", {"text": "Hi"})
    call("PUT", f"{path}/tags/vip", key)
    assert call("DELETE", path, key).status_code == 204
    problem(call("PUT", f"{path}/tags/vip", key), 404, "not_found")
    assert Message.objects.count() == 1
