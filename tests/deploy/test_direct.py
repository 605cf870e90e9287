"""/gate and /v1/verify as granian serves them."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.deploy.conftest import Key, Reply, send
from tests.server import Server

Keys = dict[str, Key]

ASKED = (("X-Original-Method", "GET"), ("X-Original-URI", "/leads"))


@pytest.fixture
def port(server: Server) -> int:
    return int(urlsplit(server.url).port or 0)


def code(reply: Reply) -> str:
    return str(json.loads(reply.body)["code"])


def test_gate_says_yes_without_a_body(port: int, keys: Keys) -> None:
    for method in ("GET", "HEAD"):
        reply = send(port, method, "/gate", *ASKED, keys["near"].header, ("X-Forwarded-For", "127.0.0.1"))
        assert (reply.status, reply.body, reply.all("content-length")) == (204, b"", [])
        assert reply.all("x-boltkeys-key-id") == [keys["near"].id] and reply.all("x-boltkeys-owner") == [""]


def test_refusal_of_head_has_no_body(port: int) -> None:
    reply = send(port, "HEAD", "/gate", *ASKED)
    assert (reply.status, reply.body) == (401, b"")
    assert reply.all("www-authenticate") == ['Bearer realm="boltkeys"']


@pytest.mark.parametrize("name", ["X-Original-Method", "X-Original-URI"])
def test_question_that_came_twice_lets_nobody_through(name: str, port: int, keys: Keys) -> None:
    twice = (name, dict(ASKED)[name])
    assert send(port, "GET", "/gate", *ASKED, twice, keys["reader"].header).status in (404, 405)


def test_key_that_came_twice_is_400(port: int, keys: Keys) -> None:
    header = keys["reader"].header
    for path, method in (("/gate", "GET"), ("/v1/verify", "POST")):
        reply = send(port, method, path, *ASKED, header, header)
        assert (reply.status, code(reply)) == (400, "two_keys")


@pytest.mark.parametrize(("size", "status"), [(0, 200), (500_000, 200), (1_100_000, 413)])
def test_body_in_chunks(size: int, status: int, port: int, keys: Keys) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    headers = dict([keys["reader"].header, ("Content-Type", "application/json")])
    body = [b'{"resource": "leads"', b" " * size, b', "action": "read"}']
    connection.request("POST", "/v1/verify", (part for part in body if part), headers, encode_chunked=True)
    assert connection.getresponse().status == status
    connection.close()


def test_connection_goes_on_after_a_refusal_and_a_verdict(port: int, keys: Keys) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    headers = dict([keys["reader"].header, ("Content-Type", "application/json")])
    for body, status in ((b"{", 400), (b'{"resource": "x"}', 422), (b'{"resource": "leads"}', 200), (b"", 200)):
        connection.request("POST", "/v1/verify", body, headers)
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (status, True)
    connection.close()


def test_only_post_is_for_verify_and_all_else_for_django(port: int, keys: Keys) -> None:
    reply = send(port, "GET", "/v1/verify", keys["reader"].header)
    assert (reply.status, reply.all("allow")) == (405, ["POST"])
    assert send(port, "GET", "/v1/leads", keys["reader"].header).status == 200
