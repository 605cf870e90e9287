"""POST /v1/verify: is this key good, and good for that?"""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.core.times import rfc3339
from apps.keys import service as keys
from apps.projects.models import Project
from apps.usage import queries, service
from tests import make
from tests.api.call import data, pointers, problem, secret_for
from tests.api.direct import ask
from tests.api.test_access import REFUSED

pytestmark = pytest.mark.django_db

PATH = "/v1/verify"


@pytest.fixture
def key(project: Project) -> str:
    return secret_for(project, "leads:read")


def test_verdict_says_who_may_do_what(project: Project) -> None:
    expires_at = timezone.now() + timedelta(days=1)
    made = make.new_key(project, scopes=["leads:write", "calls:read"], rate_limit=9, expires_at=expires_at)
    response = ask("POST", PATH, made.secret, body={"resource": "leads", "action": "write"})
    verdict = data(response)
    reset = verdict["rate_limit"].pop("reset_seconds")
    assert verdict == {
        "valid": True,
        "code": "ok",
        "key_id": made.key.id,
        "project_id": project.id,
        "scopes": ["calls:read", "leads:write"],
        "expires_at": rfc3339(expires_at),
        "rate_limit": {"limit": 9, "remaining": 8},
    }
    assert 0 < reset <= 60
    assert response["Content-Type"] == "application/json"
    assert response["Content-Length"] == str(len(response.content))
    assert response["RateLimit"] == f'"minute";r=8;t={reset}' and response["RateLimit-Policy"] == '"minute";q=9;w=60'
    assert response["Cache-Control"] == "no-store" and response["X-Content-Type-Options"] == "nosniff"
    assert response["Vary"] == "Authorization, X-API-Key, X-Project" and response["X-Request-Id"].startswith("req_")


@pytest.mark.parametrize("body", [{}, {"resource": None}, {"resource": None, "action": None}, {"x": 1}, None, b""])
def test_who_asks_for_nothing_asks_for_a_valid_key(body: object, key: str) -> None:
    assert data(ask("POST", PATH, key, body=body))["valid"] is True


def test_key_without_expiry_says_null(key: str) -> None:
    assert data(ask("POST", PATH, key))["expires_at"] is None


def test_resource_alone_asks_for_reading_it(project: Project) -> None:
    assert ask("POST", PATH, secret_for(project, "leads:read"), body={"resource": "leads"}).status_code == 200
    response = ask("POST", PATH, secret_for(project, "leads:write"), body={"resource": "leads"})
    assert problem(response, 403, "missing_scope")["required_scope"] == "leads:read"


@pytest.mark.parametrize("condition", REFUSED, ids=lambda condition: condition.__name__)
def test_bad_key_is_refused_as_everywhere(condition, project: Project) -> None:  # type: ignore[no-untyped-def]
    problem(ask("POST", PATH, condition(project), body={"resource": "leads"}), *REFUSED[condition])


def test_no_key_and_two_keys() -> None:
    response = ask("POST", PATH, body={"resource": "leads"})
    problem(response, 401, "unauthenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="boltkeys"'
    problem(ask("POST", PATH, "sk_live_a", X_API_Key="sk_live_a"), 400, "two_keys")


def test_missing_scope_is_named(key: str) -> None:
    response = ask("POST", PATH, key, body={"resource": "leads", "action": "write"})
    body = problem(response, 403, "missing_scope")
    assert (body["required_scope"], body["granted_scopes"]) == ("leads:write", ["leads:read"])
    assert "RateLimit" in response


def test_limit_holds(project: Project) -> None:
    key = secret_for(project, "leads:read", rate_limit=1)
    assert ask("POST", PATH, key).status_code == 200
    response = ask("POST", PATH, key)
    problem(response, 429, "rate_limited")
    assert 1 <= int(response["Retry-After"]) <= 61


def test_revoked_key_is_refused_by_the_next_call_also_one_sent_again(project: Project) -> None:
    made = make.new_key(project)
    assert ask("POST", PATH, made.secret, Idempotency_Key="once").status_code == 200
    keys.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
    problem(ask("POST", PATH, made.secret, Idempotency_Key="once"), 401, "revoked")


def test_user_key_addresses_a_project(project: Project, alice: User) -> None:
    other = make.project("Other", administrator=alice)
    key = make.new_key(None, scopes=["leads:read"], owner=alice).secret
    assert problem(ask("POST", PATH, key), 400, "ambiguous_project")["choices"] == ["acme-calls", "other"]
    assert data(ask("POST", PATH, key, X_Project="other"))["project_id"] == other.id
    problem(ask("POST", PATH, key, X_Project="nowhere"), 404, "unknown_project")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"resource": "opportunities"}, {"/resource": "unknown_resource"}),
        ({"resource": "Leads"}, {"/resource": "unknown_resource"}),
        ({"resource": ""}, {"/resource": "unknown_resource"}),
        ({"resource": "leads", "action": "manage"}, {"/action": "unknown_action"}),
        ({"resource": "leads", "action": "GET"}, {"/action": "unknown_action"}),
        ({"resource": "leads", "action": ""}, {"/action": "unknown_action"}),
        ({"action": "read"}, {"/resource": "required"}),
        ({"resource": 7}, {"/resource": "type"}),
        ({"resource": ["leads"], "action": {}}, {"/resource": "type", "/action": "type"}),
        ({"resource": "leads\x00"}, {"/resource": "text"}),
        ([], {"": "type"}),
        ("leads", {"": "type"}),
    ],
)
def test_what_the_catalogue_does_not_know_is_422_and_named(body: object, errors: dict[str, str], key: str) -> None:
    response = ask("POST", PATH, key, body=body)
    assert pointers(response) == errors
    assert "RateLimit" in response


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", {}, 400, "invalid_json"),
        (b"  ", {}, 400, "invalid_json"),
        (b'{"resource": "leads", "resource": "calls"}', {}, 400, "invalid_json"),
        (b'{"resource": NaN}', {}, 400, "invalid_json"),
        (b"\xff", {}, 400, "invalid_json"),
        (b"[" * 5000, {}, 400, "invalid_json"),
        (b"{}", {"Content_Type": "text/plain"}, 415, "unsupported_media_type"),
        (b"{}", {"Content_Type": "application/json; charset=bz2_codec"}, 415, "unsupported_media_type"),
        (b"{}", {"Content_Encoding": "gzip"}, 415, "unsupported_media_type"),
        (b'{"x": "' + b"x" * 1024 * 1024 + b'"}', {}, 413, "too_large"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_body_follows_the_rules_of_all_bodies(
    body: bytes, headers: dict[str, str], status: int, code: str, key: str
) -> None:
    problem(ask("POST", PATH, key, body=body, **headers), status, code)


def test_bad_body_tells_a_bad_key_nothing(project: Project) -> None:
    made = make.new_key(project)
    keys.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
    problem(ask("POST", PATH, made.secret, body=b"{"), 401, "revoked")
    problem(ask("POST", PATH, body=b"{"), 401, "unauthenticated")


CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}


def test_body_in_chunks_is_read(key: str) -> None:
    response = ask("POST", PATH, key, body={"resource": "x"}, environ=CHUNKED)
    assert pointers(response) == {"/resource": "unknown_resource"}
    response = ask("POST", PATH, key, body=b" " * 1024 * 1024 + b" {}", environ=CHUNKED)
    problem(response, 413, "too_large")


def test_body_that_is_cut_off_is_400(key: str) -> None:
    response = ask("POST", PATH, key, body={"resource": "leads"}, environ={"wsgi.input": BytesIO(b"{")})
    problem(response, 400, "bad_request")


def test_unknown_fields_are_ignored_and_listed_or_refused_on_demand(key: str) -> None:
    body = {"resource": "leads", "Action": "write", "ip": "x"}
    response = ask("POST", PATH, key, body=body)
    assert response.status_code == 200 and response["Boltkeys-Ignored-Fields"] == "Action, ip"
    response = ask("POST", PATH, key, body=body, Prefer="handling=strict")
    assert pointers(response) == {"/Action": "unknown_field", "/ip": "unknown_field"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post(method: str, key: str) -> None:
    response = ask(method, PATH, key)
    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_action_is_asked_for_where_reading_has_no_method() -> None:
    boltly = make.project("Messages", catalogue="boltly")
    key = make.new_key(boltly, scopes=["tokens:read"]).secret
    (error,) = problem(ask("POST", PATH, key, body={"resource": "tokens"}), 422, "invalid")["errors"]
    assert error["detail"].startswith("Name the action, too. There is: ")


def test_each_call_is_counted_once_whatever_its_body(project: Project) -> None:
    made = make.new_key(project)
    for body in ({"resource": "leads"}, {"resource": "leads", "action": "write"}, {"resource": "x"}, b"{"):
        ask("POST", PATH, made.secret, body=body)
    service.settle()
    counted = queries.by_outcome(frozenset({made.key.id}), timezone.now(), "24h")
    assert counted == {"ok": 2, "missing_scope": 1, "unknown_resource": 1}
