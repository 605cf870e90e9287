"""Errors have one shape, whoever raised them, and say nothing that the client should not know."""

from __future__ import annotations

import ast
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from django.test import Client
from rest_framework import exceptions as drf

from apps.api import problems
from apps.core import errors
from apps.core import problems as kinds
from apps.projects.models import Project
from apps.records import queries
from tests.api.call import call, problem, secret_for

APPS = Path(__file__).parent.parent.parent / "apps"
REFUSALS = ("Problem", "Conflict", "Refused", "Missing", "Rejected", "Unavailable", "BoltkeysError")

RAISED: list[tuple[Exception, int, str]] = [
    (errors.invalid("/name", "It is wrong.", "wrong"), 422, "invalid"),
    (errors.Missing("There is none."), 404, "not_found"),
    (errors.Refused("No."), 403, "forbidden"),
    (errors.Conflict("Not now."), 409, "conflict"),
    (errors.Conflict("Not now.", "key_ended"), 409, "key_ended"),
    (errors.Missing("There is none.", "no_such_key"), 404, "no_such_key"),
    (errors.BoltkeysError("No."), 409, "error"),
    (errors.Unavailable("Away."), 503, "unavailable"),
    (Http404("secret table"), 404, "not_found"),
    (PermissionDenied("secret rule"), 403, "forbidden"),
    (SuspiciousOperation("secret thing"), 400, "bad_request"),
    (RequestDataTooBig(), 413, "too_large"),
    (UnreadablePostError("broken"), 400, "bad_request"),
    (OperationalError("secret host is down"), 503, "unavailable"),
    (InterfaceError("secret connection"), 503, "unavailable"),
    (DataError("secret row"), 500, "internal_error"),
    (ValueError("secret value"), 500, "internal_error"),
    (RecursionError(), 500, "internal_error"),
    (MemoryError(), 500, "internal_error"),
    (drf.NotAuthenticated(), 401, "unauthenticated"),
    (drf.ParseError("secret"), 400, "bad_request"),
    (drf.MethodNotAllowed("GET"), 405, "method_not_allowed"),
    (drf.UnsupportedMediaType("x"), 415, "unsupported_media_type"),
    (drf.NotFound(), 404, "not_found"),
    (drf.PermissionDenied(), 403, "forbidden"),
    (drf.Throttled(5), 429, "rate_limited"),
    (drf.APIException("secret"), 500, "internal_error"),
]


def fail_with(monkeypatch: pytest.MonkeyPatch, exc: Exception) -> None:
    def failing(*args: Any, **kwargs: Any) -> None:
        raise exc

    monkeypatch.setattr(queries, "page", failing)


@pytest.mark.parametrize(
    ("exc", "status", "code"), RAISED, ids=lambda v: type(v).__name__ if isinstance(v, Exception) else ""
)
def test_every_exception_becomes_a_problem(
    exc: Exception, status: int, code: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, exc)
    response = call("GET", "/v1/leads", secret_for(project, "leads:read"))
    body = problem(response, status, code)
    assert "secret" not in response.content.decode()
    assert response["RateLimit"] and response["Cache-Control"] == "no-store"
    if status == 503:
        assert response["Retry-After"] == "2" and body["retry_after"] == 2
    if status == 405:
        assert response["Allow"] == "GET, HEAD, POST"


def test_invalid_lists_its_errors(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, errors.invalid("/name", "It is wrong.", "wrong"))
    body = problem(call("GET", "/v1/leads", secret_for(project, "leads:read")), 422, "invalid")
    assert body["errors"] == [{"pointer": "/name", "detail": "It is wrong.", "code": "wrong"}]


def test_failure_is_logged_once_with_the_request_id_and_told_to_nobody(
    project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail_with(monkeypatch, ValueError("the reason"))
    body = problem(call("GET", "/v1/leads?x=1", secret_for(project, "leads:read")), 500, "internal_error")
    (record,) = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert body["request_id"] in record.getMessage() and "x=1" not in record.getMessage()
    assert record.exc_info and "the reason" in str(record.exc_info[1])
    assert "the reason" not in json.dumps(body)


def test_refusals_are_not_logged_as_failures(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    call("GET", "/v1/leads")
    call("GET", "/v1/nope")
    call("GET", "/v1/calls", secret_for(project, "leads:read"))
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_host_that_is_not_ours_gets_a_problem(db: None) -> None:
    problem(call("GET", "/v1/leads", Host="evil.example"), 400, "bad_request")


def test_failure_in_a_middleware_is_a_problem_too(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: object, request: object) -> None:
        raise ValueError("secret")

    monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_request", failing)
    response = call("GET", "/v1/leads")
    problem(response, 500, "internal_error")
    assert b"secret" not in response.content


def test_failure_outside_of_the_framework_is_a_problem_too(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(request: object, problem: object) -> None:
        monkeypatch.undo()
        raise ValueError("secret")

    monkeypatch.setattr(problems, "response", failing)
    problem(call("GET", "/v1/nope"), 500, "internal_error")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*;q=0", ';"' * 4000, "é", ""])
def test_answers_are_json_whatever_the_client_accepts(accept: str, project: Project) -> None:
    key = secret_for(project, "leads:read")
    accept = accept.encode().decode("latin-1")
    assert call("GET", "/v1/leads", key, Accept=accept)["Content-Type"] == "application/json"
    problem(call("GET", "/v1/calls", key, Accept=accept), 403, "missing_scope")


def test_instance_is_the_path_without_the_query(db: None) -> None:
    body = problem(call("GET", '/v1/nope/a b/<i>"\u202e?q=hidden'), 404, "not_found")
    assert body["instance"] == "/v1/nope/a%20b/%3Ci%3E%22%E2%80%AE"


def test_type_leads_to_the_documentation(db: None, settings: Any) -> None:
    settings.BASE_URL = "https://keys.example"
    assert problem(call("GET", "/v1/nope"), 404, "not_found")["type"] == "https://keys.example/docs#not_found"


def test_every_code_has_a_status_and_a_title() -> None:
    assert set(problems.BY_STATUS.values()) <= set(problems.CODES)
    assert all(problems.CODES[code][0] == status for status, code in problems.BY_STATUS.items())
    assert all(400 <= status < 600 and title for status, title in problems.CODES.values())


ANSWERS: list[Callable[[str], Any]] = [
    lambda key: call("GET", "/v1/leads", key),
    lambda key: call("GET", "/v1/leads"),
    lambda key: call("GET", "/v1/nope"),
    lambda key: call("PUT", "/v1/leads", key),
    lambda key: call("POST", "/v1/leads", key, body=b"x"),
    lambda key: call("OPTIONS", "/v1/leads", key),
]


@pytest.mark.parametrize("ask", ANSWERS)
def test_no_answer_is_kept_in_a_cache_or_shown_as_a_page(ask: Callable[[str], Any], project: Project) -> None:
    response = ask(secret_for(project, "leads:read", "leads:write"))
    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert {name.strip() for name in response["Vary"].split(",")} >= {"Authorization", "X-API-Key", "X-Project"}
    assert response["X-Request-Id"].startswith("req_")
    assert "Set-Cookie" not in response and not response.cookies


def test_request_ids_are_ours_and_differ(db: None) -> None:
    ids = {call("GET", "/v1/nope", X_Request_Id="mine")["X-Request-Id"] for _ in range(5)}
    assert len(ids) == 5 and "mine" not in ids


def test_pages_are_left_alone(db: None) -> None:
    response = Client().get("/v1x")
    assert response["Content-Type"].startswith("text/html") if response.status_code == 404 else True
    assert "Vary" not in response or "X-Project" not in response["Vary"]


def test_type_leads_to_where_the_code_is_explained(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A code of a service that the table does not have is explained by the general one of its status."""
    fail_with(monkeypatch, errors.Missing("There is none.", "no_such_key"))
    body = problem(call("GET", "/v1/leads", secret_for(project, "leads:read")), 404, "no_such_key")
    assert body["type"] == f"{settings.BASE_URL}/docs#not_found"


def test_every_code_says_why_and_what_to_do() -> None:
    assert {kind.status for kind in kinds.KINDS.values()} == set(kinds.CLASSES)
    assert [code for _, _, listed in kinds.by_status() for code, _ in listed] == list(kinds.KINDS)
    for code, kind in kinds.KINDS.items():
        assert all(text.endswith(".") for text in (kind.cause, kind.cure)), code


def test_every_code_of_the_services_is_explained() -> None:
    """Codes are given as the second argument of a refusal. Those below reach pages or commands only."""
    elsewhere = {"wrong_account", "slug_taken", "email_taken", "too_many"}
    given = {code for path in sorted(APPS.rglob("*.py")) for code in _codes_given(ast.parse(path.read_text()))}
    assert {"already_rotated", "webhook_disabled", "last_administrator"} <= given
    assert given - elsewhere <= set(kinds.KINDS)


def _codes_given(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS:
            first_is_code = node.func.id == "Problem"
            for argument in node.args[0 if first_is_code else 1 : 1 if first_is_code else 2]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value
