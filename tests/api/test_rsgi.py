"""The application for many calls at once says what the other one says, and counts and limits as exactly."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_wire import chunked, send
from tests.server import ROOT, Server, free_port, running

JSON = "Content-Type: application/json\r\n"
ABOUT = "X-Original-Method: GET\r\nX-Original-URI: /leads\r\n"

CASES = {
    "let in": ("GET /gate", "Authorization: Bearer {key}\r\n" + ABOUT, b""),
    "below a prefix": (
        "GET /gate/api/v2",
        "X-API-Key: {key}\r\nX-Forwarded-Method: PATCH\r\nX-Forwarded-Uri: /api/v2/leads/42?a=b\r\n",
        b"",
    ),
    "HEAD": ("HEAD /gate", "Authorization: Bearer {key}\r\n" + ABOUT, b""),
    "no key": ("GET /gate", ABOUT, b""),
    "malformed": ("GET /gate", "Authorization: Bearer sk_live_nonsense\r\n" + ABOUT, b""),
    "unknown": (
        "GET /gate",
        "Authorization: Bearer sk_live_00000000000000000000000000000000{checksum}\r\n" + ABOUT,
        b"",
    ),
    "missing permission": (
        "GET /gate",
        "Authorization: Bearer {key}\r\nX-Original-Method: GET\r\nX-Original-URI: /calls\r\n",
        b"",
    ),
    "unreadable path": (
        "GET /gate",
        "Authorization: Bearer {key}\r\nX-Original-Method: GET\r\nX-Original-URI: /leads/..%2f\r\n",
        b"",
    ),
    "no original": ("GET /gate", "Authorization: Bearer {key}\r\n", b""),
    "two keys": ("GET /gate", "Authorization: Bearer {key}\r\nX-API-Key: {key}\r\n" + ABOUT, b""),
    "one key twice": ("GET /gate", "X-API-Key: {key}\r\nX-API-Key: {key}\r\n" + ABOUT, b""),
    "wrong method": ("DELETE /gate", "Authorization: Bearer {key}\r\n" + ABOUT, b""),
    "verified": (
        "POST /v1/verify",
        "Authorization: Bearer {key}\r\n" + JSON,
        b'{"resource": "leads", "action": "read", "nickname": 1}',
    ),
    "verified without a body": ("POST /v1/verify", "Authorization: Bearer {key}\r\n", b""),
    "verified in chunks": (
        "POST /v1/verify",
        "Authorization: Bearer {key}\r\nTransfer-Encoding: chunked\r\n" + JSON,
        chunked(b'{"resource": "leads", "action": "write"}', 7),
    ),
    "strict": (
        "POST /v1/verify",
        "Authorization: Bearer {key}\r\nPrefer: handling=strict\r\n" + JSON,
        b'{"nickname": 1}',
    ),
    "broken JSON": ("POST /v1/verify", "Authorization: Bearer {key}\r\n" + JSON, b'{"resource": '),
    "form": ("POST /v1/verify", "Authorization: Bearer {key}\r\nContent-Type: text/plain\r\n", b"resource=leads"),
    "compressed": ("POST /v1/verify", "Authorization: Bearer {key}\r\nContent-Encoding: gzip\r\n" + JSON, b"{}"),
    "too large": ("POST /v1/verify", "Authorization: Bearer {key}\r\n" + JSON, b'"' + b"x" * 1_200_000 + b'"'),
    "unknown action": (
        "POST /v1/verify",
        "Authorization: Bearer {key}\r\n" + JSON,
        b'{"resource": "leads", "action": "fly"}',
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("rsgi")) as started:
        started.manage("create_project", "--name", "Acme", "--catalogue", "boltcall", "--admin", "alice@example.com")
        yield started


@pytest.fixture(scope="module")
def many(server: Server) -> Iterator[Server]:
    """The same installation, served by the application for many calls."""
    with rsgi(server) as started:
        yield started


@contextmanager
def rsgi(server: Server) -> Iterator[Server]:
    port = free_port()
    options = ["--interface", "rsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    command = [str(Path(sys.executable).parent / "granian"), *options, "boltkeys.rsgi:application"]
    started = replace(server, url=f"http://127.0.0.1:{port}")
    with server.log.open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=server.environ, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(OSError):
                if started.call("/gate").status:
                    break
            time.sleep(0.1)
        yield started
    finally:
        process.terminate()
        process.wait(timeout=20)


def make_key(server: Server, **options: Any) -> dict[str, Any]:
    name, limit = options.get("name", "Many"), str(options.get("limit", 100_000))
    arguments = ["--name", name, "--rate-limit", limit, "--grant", "leads:read", "leads:write"]
    return server.manage("create_key", "--project", "acme", *arguments)


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    return str(make_key(server)["secret_key"])


@pytest.mark.parametrize("case", CASES)
def test_says_what_the_other_application_says(server: Server, many: Server, key: str, case: str) -> None:
    assert said(many, key, case) == said(server, key, case)


def said(server: Server, key: str, case: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body, without what differs from request to request or belongs to the server."""
    start, headers, body = CASES[case]
    headers = headers.replace("{key}", key).replace("{checksum}", "2UYg5A")
    if body and "chunked" not in headers:
        headers += f"Content-Length: {len(body)}\r\n"
    status, head, content = send(server, start, headers, body)
    lines = [line.partition(": ") for line in head.splitlines()[1:]]
    told = {name: value for name, _, value in lines if name not in ("date", "server", "connection", "content-length")}
    request_id = told.pop("x-request-id")
    told.pop("ratelimit", None)
    for name, value in told.items():
        told[name] = value.replace(request_id, "…")
    if b'"rate_limit"' in content:
        content = content.partition(b'"rate_limit"')[0]
    return status, told, content.lower().replace(request_id.encode(), b"...")


def test_elsewhere_leads_nowhere(many: Server, key: str) -> None:
    answer = many.call("/v1/leads", key=key)
    assert (answer.status, answer.json()["code"]) == (404, "not_found")


WAITING = f"{JSON}Content-Length: 20000000\r\nExpect: 100-continue\r\n"


@pytest.mark.parametrize(
    ("start", "headers", "status"),
    [
        ("POST /v1/verify", "Authorization: Bearer {key}\r\n" + WAITING, 413),
        ("POST /v1/verify", "Authorization: Bearer {key}\r\nContent-Encoding: gzip\r\n" + WAITING, 415),
        ("POST /v1/verify", WAITING, 401),
        ("POST /gate", "Authorization: Bearer {key}\r\n" + WAITING, 405),
        ("POST /elsewhere", WAITING, 404),
    ],
)
def test_body_that_is_refused_unread_is_not_asked_for(
    many: Server, key: str, start: str, headers: str, status: int
) -> None:
    """`send` reads the first answer, which would be `100 Continue`."""
    assert send(many, start, headers.replace("{key}", key))[0] == status


def test_name_with_an_underscore_is_no_header(many: Server, key: str) -> None:
    status, _, _ = send(many, "GET /gate", f"X_API_Key: {key}\r\n" + ABOUT)
    assert status == 401


def test_of_many_at_once_exactly_the_limit_is_accepted_and_all_are_counted(server: Server, many: Server) -> None:
    made = make_key(server, name="Limited", limit=60)
    headers = {"X-Original-Method": "GET", "X-Original-URI": "/leads"}
    with ThreadPoolExecutor(32) as threads:
        calls = [threads.submit(many.call, "/gate", key=made["secret_key"], **headers) for _ in range(200)]
        statuses = Counter(call.result().status for call in calls)
    assert statuses == {204: 60, 429: 140}
    time.sleep(1.5)  # what is counted in the memory of one process (embedded) is brought in each second
    assert server.manage("set_rate_limit", made["id"], "61")["usage"]["24h"] == 60


def test_revoked_key_is_refused_at_once(server: Server, many: Server) -> None:
    made = make_key(server, name="Leaked")
    for _ in range(3):
        assert many.call("/v1/verify", key=made["secret_key"], method="POST").status == 200
    server.manage("revoke_key", made["id"], "--reason", "leaked")
    answer = many.call("/v1/verify", key=made["secret_key"], method="POST")
    assert (answer.status, answer.json()["code"]) == (401, "revoked")
