"""The wrapper that asks Redis before Django starts: the same answers, each counted once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from apps.api.ahead import Ahead
from apps.core import secret
from apps.gate import gate, names
from apps.gate.shared import SharedGate
from apps.keys import service
from apps.projects.models import Project
from apps.usage.models import KeyUsage
from apps.usage.service import settle
from tests import make

pytestmark = pytest.mark.django_db

Get = Callable[..., tuple[int, dict[str, str]]]


@pytest.fixture
def get() -> Iterator[Get]:
    """Asks an application with all middleware, as a server does, behind the wrapper."""
    application = Ahead(WSGIHandler(), "/v1/")
    signals = request_started, request_finished
    for signal in signals:  # as Django's own test client: the connection of the test stays open
        signal.disconnect(close_old_connections)

    def ask(path: str, key: str, method: str = "GET", **more: str) -> tuple[int, dict[str, str]]:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.7",
            "HTTP_HOST": "testserver",
            "HTTP_AUTHORIZATION": f"Bearer {key}",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(b""),
            **more,
        }
        answered: list[Any] = []
        body = application(environ, lambda status, headers, exc_info=None: answered.append((status, dict(headers))))
        b"".join(body)
        status, headers = answered[0]
        return int(status[:3]), headers

    yield ask
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the gate was asked in the usual way, after Django had begun."""
    usual: list[str] = []
    admit = SharedGate.admit

    def noted(*arguments: Any) -> Any:
        usual.append(arguments[3].resource)
        return admit(*arguments)

    monkeypatch.setattr(SharedGate, "admit", noted)
    return usual


def counts() -> dict[tuple[str, str], int]:
    settle()
    return {(row.resource, row.outcome): row.count for row in KeyUsage.objects.all()}


def test_warm_key_is_asked_about_ahead_and_counted_once(project: Project, get: Get, asked: list[str]) -> None:
    made = make.new_key(project, scopes=["leads:read"])
    answers = [get("/v1/leads", made.secret) for _ in range(4)]
    assert [status for status, _ in answers] == [200] * 4
    assert [headers["RateLimit"].split(";")[1] for _, headers in answers] == ["r=59", "r=58", "r=57", "r=56"]
    assert len(asked) == 1  # until the process remembers the key
    assert counts() == {("leads", "ok"): 4}


def test_head_and_queries_are_the_same_question(project: Project, get: Get, asked: list[str]) -> None:
    made = make.new_key(project, scopes=["leads:read"])
    for _ in range(3):
        get("/v1/leads", made.secret)
    assert get("/v1/leads", made.secret, "HEAD")[0] == 200
    assert get("/v1/leads", made.secret, QUERY_STRING="limit=1")[0] == 200
    assert len(asked) == 1
    assert counts() == {("leads", "ok"): 5}


def test_what_a_key_may_not_do_is_judged_in_the_usual_way(project: Project, get: Get) -> None:
    made = make.new_key(project, scopes=["leads:read"])
    for _ in range(3):
        get("/v1/leads", made.secret)
    assert get("/v1/leads", made.secret, "DELETE")[0] == 405
    assert get("/v1/calls", made.secret)[0] == 403
    assert get("/v1/nothing", made.secret)[0] == 404
    assert get("/v1/leads/x/y/z", made.secret)[0] == 404
    assert get("/v1/l\xe9ads", made.secret)[0] == 404
    assert counts()[("leads", "ok")] == 3


def test_revoked_key_is_refused_at_once(project: Project, get: Get) -> None:
    made = make.new_key(project, scopes=["leads:read"])
    for _ in range(3):
        assert get("/v1/leads", made.secret)[0] == 200
    service.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
    assert get("/v1/leads", made.secret)[0] == 401
    assert counts() == {("leads", "ok"): 3, ("leads", "revoked"): 1}


def test_limit_is_exact(project: Project, get: Get) -> None:
    made = make.new_key(project, scopes=["leads:read"], rate_limit=5)
    assert [get("/v1/leads", made.secret)[0] for _ in range(8)] == [200] * 5 + [429] * 3
    assert counts() == {("leads", "ok"): 5, ("leads", "rate_limited"): 3}


def test_answer_that_nobody_wanted_reaches_nobody_else(project: Project, get: Get) -> None:
    first = make.new_key(project, "First", scopes=["leads:read"], rate_limit=100)
    other = make.new_key(project, "Other", scopes=["leads:read"], rate_limit=7)
    for _ in range(3):
        get("/v1/leads", first.secret)
        get("/v1/leads", other.secret)
    status, _ = get("/v1/leads", first.secret, HTTP_HOST="evil.example")  # a middleware answers
    assert status == 400
    assert get("/v1/leads", other.secret)[1]["RateLimit-Policy"] == '"minute";q=7;w=60'


def test_garbage_in_redis_is_mended_in_the_usual_way(project: Project, get: Get) -> None:
    made = make.new_key(project, scopes=["leads:read"])
    for _ in range(3):
        get("/v1/leads", made.secret)
    client = redis.Redis.from_url(settings.REDIS_URL)
    window = names.window(names.bucket_of(secret.digest(made.secret)), made.key.id)
    client.delete(window)
    client.rpush(window, "x")
    assert get("/v1/leads", made.secret)[0] == 200


def test_redis_that_is_away_changes_nothing(project: Project, get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make.new_key(project, scopes=["leads:read"])
    for _ in range(3):
        get("/v1/leads", made.secret)
    shared = gate.current()
    assert isinstance(shared, SharedGate)
    away = SharedGate("redis://127.0.0.1:1/0", shared._embedded)
    away._memory = shared._memory
    with monkeypatch.context() as patched:
        patched.setattr(gate, "current", lambda: away)
        assert get("/v1/leads", made.secret)[0] == 200
