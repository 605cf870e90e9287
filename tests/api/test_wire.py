"""What only a real server shows: headers that come twice, bodies in chunks, answers without a body."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests.server import Server, running
from tests.waiting import eventually

JSON = "Content-Type: application/json\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("wire")) as started:
        started.manage("create_project", "--name", "Acme", "--catalogue", "boltcall", "--admin", "alice@example.com")
        yield started


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    made = server.manage(
        "create_key", "--project", "acme", "--name", "Wire", "--rate-limit", "100000",
        "--grant", "leads:read", "leads:write",
    )  # fmt: skip
    return str(made["secret_key"])


def send(server: Server, start: str, headers: str = "", body: bytes = b"") -> tuple[int, str, bytes]:
    """Status, head and body of the answer to what is written to the socket, byte for byte."""
    parts = urlsplit(server.url)
    host = f"{parts.hostname}:{parts.port}"
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=20) as connection:
        head = f"{start} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"
        connection.sendall(head.encode("latin-1") + body)
        received = b""
        while part := connection.recv(65536):
            received += part
    answered, _, content = received.partition(b"\r\n\r\n")
    return int(answered.split()[1]), answered.decode("latin-1").lower(), content


def chunked(body: bytes, size: int = 65536) -> bytes:
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(f"{len(p):x}\r\n".encode() + p + b"\r\n" for p in parts) + b"0\r\n\r\n"


def code(content: bytes) -> str:
    return str(json.loads(content)["code"])


@pytest.mark.parametrize(
    "headers",
    [
        "Authorization: Bearer {key}\r\nAuthorization: Bearer {key}\r\n",
        "Authorization: Bearer {key}\r\nauthorization: Bearer sk_live_other\r\n",
        "X-API-Key: {key}\r\nX-API-Key: {key}\r\n",
        "X-API-Key: {key}\r\nX-API-Key:\r\n",
        "Authorization: Bearer {key}\r\nX-API-Key: {key}\r\n",
        "Authorization: Basic YTpi\r\nAuthorization: Bearer {key}\r\n",
    ],
)
def test_header_that_comes_twice_is_400(headers: str, server: Server, key: str) -> None:
    status, head, content = send(server, "GET /v1/leads", headers.format(key=key))
    assert (status, code(content)) == (400, "two_keys")
    assert "application/problem+json" in head and 'error="invalid_request"' in head


@pytest.mark.parametrize("value", ["sk_live_é", "k" * 10_240, "", "\xff\xfe", "a b"])
@pytest.mark.parametrize("header", ["Authorization: Bearer ", "X-API-Key: "])
def test_what_is_no_key_is_401(header: str, value: str, server: Server, key: str) -> None:
    status, head, content = send(server, "GET /v1/leads", f"{header}{value}\r\n")
    assert status == 401 and code(content) in ("malformed", "unauthenticated")
    assert "www-authenticate: bearer" in head


def test_body_in_chunks_is_read(server: Server, key: str) -> None:
    headers = f"Authorization: Bearer {key}\r\n{JSON}Transfer-Encoding: chunked\r\n"
    status, _, content = send(server, "POST /v1/leads", headers, chunked(b'{"name": "In chunks"}', 5))
    assert status == 201 and json.loads(content)["name"] == "In chunks"


@pytest.mark.parametrize(
    "body", [b"[" * 500_000, b'{"a":' * 5000 + b"1" + b"}" * 5000, b'{"a":' + b"[" * 900 + b"]" * 900 + b"}"]
)
def test_deep_nesting_does_not_bring_the_server_down(body: bytes, server: Server, key: str) -> None:
    headers = f"Authorization: Bearer {key}\r\n{JSON}Content-Length: {len(body)}\r\n"
    status, _, content = send(server, "POST /v1/leads", headers, body)
    assert (status, code(content)) == (400, "invalid_json")
    assert send(server, "GET /v1/leads", f"Authorization: Bearer {key}\r\n")[0] == 200


@pytest.mark.parametrize("megabytes", [2, 10])
def test_too_large_body_is_413_in_chunks_or_whole(megabytes: int, server: Server, key: str) -> None:
    body = b"x" * (megabytes * 1024 * 1024)
    authorization = f"Authorization: Bearer {key}\r\n{JSON}"
    for headers, sent in (
        ("Transfer-Encoding: chunked\r\n", chunked(body)),
        (f"Content-Length: {len(body)}\r\n", body),
    ):
        status, _, content = send(server, "POST /v1/leads", authorization + headers, sent)
        assert (status, code(content)) == (413, "too_large")


def test_announced_size_is_enough_for_a_client_that_asks_first(server: Server, key: str) -> None:
    headers = f"Authorization: Bearer {key}\r\n{JSON}Content-Length: 99999999\r\nExpect: 100-continue\r\n"
    status, _, content = send(server, "POST /v1/leads", headers)
    assert (status, code(content)) == (413, "too_large")


def test_head_has_no_body(server: Server, key: str) -> None:
    status, head, content = send(server, "HEAD /v1/leads", f"Authorization: Bearer {key}\r\n")
    assert (status, content) == (200, b"")
    assert "content-type: application/json" in head
    status, _, content = send(server, "HEAD /v1/leads", "")
    assert (status, content) == (401, b"")


@pytest.mark.parametrize("charset", ["rot13", "bz2_codec", "idna", "undefined", "utf-16", "x" * 5000])
def test_no_charset_makes_the_server_stumble(charset: str, server: Server, key: str) -> None:
    headers = f"Authorization: Bearer {key}\r\nContent-Type: application/json; charset={charset}\r\n"
    assert send(server, "GET /v1/leads?name=%FF", headers)[0] == 200
    status, _, content = send(server, "POST /v1/leads", headers + "Content-Length: 2\r\n", b"{}")
    assert (status, code(content)) == (415, "unsupported_media_type")
    assert send(server, "GET /healthz", f"Content-Type: text/plain; charset={charset}\r\n")[0] == 200


@pytest.mark.parametrize("content_type", ["a; charset*=bogus'en'x", "a; b*=undefined'en'%41", ';"' * 4000, "\xff"])
def test_no_media_type_makes_the_server_stumble(content_type: str, server: Server, key: str) -> None:
    headers = f"Authorization: Bearer {key}\r\nContent-Type: {content_type}\r\n"
    assert send(server, "GET /v1/leads", headers)[0] == 200
    status, _, content = send(server, "POST /v1/leads", headers + "Content-Length: 2\r\nIdempotency-Key: x\r\n", b"{}")
    assert (status, code(content)) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "path", ["/v1/%00", "/v1/leads/%FF%FE", "/v1/../v1/leads", "/v1/" + "a" * 20_000, "/v1/leads/", "/v1"]
)
def test_strange_paths_are_404(path: str, server: Server, key: str) -> None:
    status, _, content = send(server, f"GET {path}", f"Authorization: Bearer {key}\r\n")
    assert (status, code(content)) == (404, "not_found")


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "FOO", "CONNECT"])
def test_other_methods_are_405_with_what_there_is(method: str, server: Server, key: str) -> None:
    status, head, _ = send(server, f"{method} /v1/leads", f"Authorization: Bearer {key}\r\n")
    assert status == 405 and "allow: get, head, post" in head


def test_secret_never_reaches_the_log(server: Server, key: str) -> None:
    send(server, f"GET /v1/leads?api_key={key}", f"Authorization: Bearer {key}\r\n")
    send(server, f"GET /v1/leads/{key}", f"X-API-Key: {key}\r\n")
    send(server, f"GET /{key}")
    log = server.log.read_text()
    assert key not in log and key[8:] not in log
    assert "Traceback" not in log


def test_body_without_a_length_counts_in_http_2(server: Server, key: str) -> None:
    def status(body: str) -> str:
        command = [
            "curl",
            "--silent",
            "--http2-prior-knowledge",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
        ]
        command += ["--header", f"Authorization: Bearer {key}", "--header", JSON.strip(), "--request", "POST"]
        command += ["--upload-file", "-", f"{server.url}/v1/verify"]
        return subprocess.run(command, input=body, capture_output=True, text=True, check=True).stdout

    assert status('{"resource": "leads", "action": "write"}') == "200"
    assert status('{"resource": "contacts", "action": "write"}') == "403"
    assert status("") == "200"


def test_clients_that_never_end_their_bodies_keep_no_server_busy(server: Server, key: str) -> None:
    address = urlsplit(server.url).hostname, urlsplit(server.url).port
    kinds = [("/v1/verify", JSON), ("/v1/leads", JSON + f"X-API-Key: {key}\r\n"), ("/accounts/login/", "")]
    with ExitStack() as clients:
        for path, headers in kinds * 4:
            client = clients.enter_context(socket.create_connection(address, timeout=20))
            head = f"POST {path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\n{headers}Content-Length: 100\r\n\r\n{{"
            client.sendall(head.encode())
            assert server.call("/v1/leads?limit=1", key=key).status == 200
        answer = server.call("/v1/verify", key=key, method="POST", body={"resource": "leads", "action": "read"})
        assert (answer.status, answer.json()["code"]) == (503, "unavailable")
    assert eventually(lambda: server.call("/v1/verify", key=key, method="POST", body={}).status == 200)
