"""An API behind nginx, Caddy and HAProxy: who has no key for it does not reach it, and nobody is taken for another."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from apps.api.identity import HEADERS as IDENTITY
from tests.deploy import proxies
from tests.deploy.conftest import OVERRIDES, TELLING, Guarded, Key, Reply, spellings
from tests.deploy.upstream import Upstream
from tests.server import Server, free_port

Keys = dict[str, Key]


def problem(reply: Reply, status: int, code: str) -> dict[str, Any]:
    """The problem that the client gets through the proxy; each header that belongs to it is there once."""
    assert reply.status == status, reply
    assert reply.all("content-type") == ["application/problem+json"]
    body: dict[str, Any] = json.loads(reply.body)
    assert (body["status"], body["code"]) == (status, code)
    assert reply.all("x-request-id") == [body["request_id"]]
    assert len(reply.all("cache-control")) == 1
    assert len(reply.all("www-authenticate")) == (1 if status in (401, 403) or code == "two_keys" else 0)
    return body


# --- who is let through ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/api/leads", "/api/leads?limit=2&x=..%2f", "/api/leads/42", "/api/leads/42/"])
def test_good_key_reaches_the_api_as_somebody_and_without_its_secret(target: str, guarded: Guarded, keys: Keys) -> None:
    key = keys["reader"]
    reply, arrived = guarded.send("GET", target, key.header, ("X-Trace", "7"))
    assert reply.status == 200 and arrived is not None
    assert (arrived.method, arrived.target) == ("GET", target)
    assert arrived.under("X-Boltkeys-Key-Id") == [key.id]
    assert arrived.under("X-Boltkeys-Project-Id") == [key.project]
    assert arrived.under("X-Boltkeys-Scopes") == ["leads:read"]
    assert arrived.under("X-Boltkeys-Owner") in ([], [""])
    assert arrived.under("X-Trace") == ["7"]
    assert key.secret not in json.dumps(arrived.headers)
    assert reply.all("ratelimit-policy") == ['"minute";q=1000000;w=60']
    assert [rate.startswith('"minute";r=9') for rate in reply.all("ratelimit")] == [True]


@pytest.mark.parametrize("name", ["X-API-Key", "x-api-key", "AUTHORIZATION"])
def test_key_is_taken_away_in_whatever_header_it_came(name: str, guarded: Guarded, keys: Keys) -> None:
    value = keys["reader"].secret if "api" in name.lower() else keys["reader"].header[1]
    reply, arrived = guarded.send("GET", "/api/leads", (name, value))
    assert reply.status == 200 and arrived is not None
    assert arrived.under("Authorization") == arrived.under("X-API-Key") == []


def test_body_goes_through(guarded: Guarded, keys: Keys) -> None:
    body = json.dumps({"name": "Maya", "notes": "x" * 100_000})
    reply, arrived = guarded.send("POST", "/api/leads", keys["writer"].header, body=body)
    assert reply.status == 200 and arrived is not None and arrived.body == body


@pytest.mark.parametrize(
    ("name", "method", "target", "status"),
    [
        ("reader", "GET", "/api/leads", 200),
        ("reader", "HEAD", "/api/leads", 200),
        ("reader", "POST", "/api/leads", 403),
        ("reader", "PATCH", "/api/leads/42", 403),
        ("reader", "DELETE", "/api/leads/42", 403),
        ("reader", "GET", "/api/calls", 403),
        ("writer", "GET", "/api/leads", 403),
        ("writer", "PATCH", "/api/leads/42", 200),
        ("writer", "DELETE", "/api/leads/42", 200),
        ("writer", "PUT", "/api/leads/42", 405),
        ("writer", "OPTIONS", "/api/leads", 405),
        ("writer", "POST", "/api/leads/42/merge", 404),
        ("sender", "POST", "/api/broadcasts/42/send", 200),
        ("sender", "POST", "/api/templates/sync", 200),
        ("sender", "POST", "/api/templates/42/submit", 403),
        ("sender", "GET", "/api/broadcasts/42", 403),
        ("sender", "GET", "/api/leads", 404),
        ("author", "PATCH", "/api/templates/42.json", 200),
        ("author", "PATCH", "/api/templates/sync.json", 405),
        ("author", "GET", "/api/templates/SYNC", 405),
        ("near", "GET", "/api/leads", 200),
        ("far", "GET", "/api/leads", 403),
        ("revoked", "GET", "/api/leads", 401),
    ],
)
def test_method_and_path_decide_with_the_grants_of_the_key(
    name: str, method: str, target: str, status: int, guarded: Guarded, keys: Keys
) -> None:
    reply, arrived = guarded.send(method, target, keys[name].header)
    assert reply.status == status
    assert (arrived is not None) == (status == 200)


# --- what the client learns ------------------------------------------------------------------------------------------


def test_client_learns_what_is_wrong(guarded: Guarded, keys: Keys) -> None:
    reader, revoked = keys["reader"].header, keys["revoked"].header
    missing, _ = guarded.send("GET", "/api/leads")
    problem(missing, 401, "unauthenticated")
    assert missing.all("www-authenticate") == ['Bearer realm="boltkeys"']
    ended, _ = guarded.send("GET", "/api/leads", revoked)
    problem(ended, 401, "revoked")
    assert ended.all("www-authenticate") == ['Bearer realm="boltkeys", error="invalid_token"']
    denied, _ = guarded.send("DELETE", "/api/leads/42", reader)
    assert problem(denied, 403, "missing_scope")["required_scope"] == "leads:write"
    assert 'error="insufficient_scope", scope="leads:write"' in denied.all("www-authenticate")[0]
    assert len(denied.all("ratelimit")) == 1
    problem(guarded.send("GET", "/api/nothing", reader)[0], 404, "unknown_resource")
    wrong, _ = guarded.send("PUT", "/api/leads/42", reader)
    problem(wrong, 405, "method_not_allowed")
    assert wrong.all("allow") == ["GET, HEAD, PATCH, DELETE"]


@pytest.mark.parametrize("second", ["authorization", "x-api-key"])
def test_two_keys_are_refused_never_one_of_them(second: str, guarded: Guarded, keys: Keys) -> None:
    value = keys["writer"].secret if second == "x-api-key" else keys["writer"].header[1]
    reply, arrived = guarded.send("GET", "/api/leads", keys["reader"].header, (second, value))
    assert (reply.status, arrived) == (400, None)
    if (guarded.name, second) != ("nginx", "authorization"):  # nginx refuses a second Authorization by itself
        problem(reply, 400, "two_keys")


def test_too_many_requests_are_429_and_say_how_long_to_wait(guarded: Guarded, keys: Keys) -> None:
    key = keys[f"limited-{guarded.name}"]
    assert [guarded.send("GET", "/api/leads", key.header)[0].status for _ in range(2)] == [200, 200]
    reply, arrived = guarded.send("GET", "/api/leads", key.header)
    body = problem(reply, 429, "rate_limited")
    assert arrived is None
    assert reply.all("retry-after") == [str(body["retry_after"])] and 1 <= body["retry_after"] <= 61
    assert len(reply.all("ratelimit")) == 1
    if guarded.name == "nginx":  # which would write a line for each, did it not get a 403 from its own location
        assert "unexpected status" not in (guarded.proxy.home / "error.log").read_text()


def test_head_gets_headers_alone(guarded: Guarded) -> None:
    reply, arrived = guarded.send("HEAD", "/api/leads")
    assert (reply.status, reply.body, arrived) == (401, b"", None)


def test_revoked_key_does_not_pass_again(guarded: Guarded, keys: Keys, server: Server) -> None:
    key = keys[f"doomed-{guarded.name}"]
    assert guarded.send("GET", "/api/leads", key.header)[0].status == 200
    server.manage("revoke_key", key.id, "--reason", "leaked")
    reply, arrived = guarded.send("GET", "/api/leads", key.header)
    problem(reply, 401, "revoked")
    assert arrived is None


def test_each_request_is_counted_once(guarded: Guarded, keys: Keys, server: Server) -> None:
    key = keys[f"counted-{guarded.name}"]
    for _ in range(3):
        guarded.send("GET", "/api/leads", key.header)
    guarded.send("DELETE", "/api/leads/42", key.header)
    me = server.call("/v1/me", key=key.secret).json()
    assert me["key"]["usage"]["24h"] == 3 + 1  # and the question itself


# --- who is taken for another ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", IDENTITY)
@pytest.mark.parametrize("present", [str.title, str.lower, str.upper])
def test_identity_of_the_client_s_own_making_never_arrives(
    name: str, present: Any, guarded: Guarded, keys: Keys
) -> None:
    claimed = [(present(spelling), "key_admin") for spelling in spellings(name)]
    reply, arrived = guarded.send("GET", "/api/leads", *claimed, keys["reader"].header, *claimed)
    assert reply.status == 200 and arrived is not None
    assert "key_admin" not in json.dumps(arrived.headers)
    assert arrived.under("X-Boltkeys-Key-Id") == [keys["reader"].id]


@pytest.mark.parametrize("mark", [".", "_."])
def test_identity_with_dots_never_arrives(mark: str, guarded: Guarded, keys: Keys) -> None:
    claimed = [(name.replace("-", mark), "key_admin") for name in IDENTITY]
    reply, arrived = guarded.send("GET", "/api/leads", *claimed, keys["reader"].header)
    assert reply.status == 200 and arrived is not None and "key_admin" not in json.dumps(arrived.headers)


@pytest.mark.parametrize("first", ["close", "keep-alive", "Upgrade"])
def test_client_cannot_have_an_identity_taken_away(first: str, guarded: Guarded, keys: Keys) -> None:
    """Whoever passes a request on drops what Connection names (RFC 9110 §7.6.1)."""
    _, plain = guarded.send("GET", "/api/leads", keys["owned"].header)
    dropped = ("Connection", ", ".join([first, *IDENTITY, "X-Forwarded-For", *TELLING]))
    reply, arrived = guarded.send("GET", "/api/leads", dropped, keys["owned"].header)
    assert reply.status == 200 and arrived is not None and plain is not None
    assert "" not in (owner := plain.under("X-Boltkeys-Owner")) and len(owner) == 1
    for name in (*IDENTITY, "X-Forwarded-For"):
        assert arrived.under(name) == plain.under(name), name
    assert "boltkeys" not in ",".join(arrived.under("Connection")).lower()


def test_identity_without_a_key_leads_nowhere(guarded: Guarded) -> None:
    claimed = [(spelling, "key_admin") for name in IDENTITY for spelling in spellings(name)]
    reply, arrived = guarded.send("GET", "/api/leads", *claimed)
    problem(reply, 401, "unauthenticated")
    assert arrived is None and b"key_admin" not in reply.body


@pytest.mark.parametrize("name", TELLING)
def test_client_cannot_say_what_it_is_that_it_asks_for(name: str, guarded: Guarded, keys: Keys) -> None:
    value = "GET" if name.endswith("Method") else "/api/leads"
    for spelling in spellings(name):
        reply, arrived = guarded.send("DELETE", "/api/calls/42", keys["reader"].header, (spelling, value))
        assert (reply.status, arrived) == (403, None), spelling
    lies = [(spelling, value) for name in TELLING for spelling in spellings(name)]
    reply, arrived = guarded.send("DELETE", "/api/calls/42", *lies, keys["reader"].header, *lies)
    assert (reply.status, arrived) == (403, None)


@pytest.mark.parametrize("name", TELLING + OVERRIDES)
def test_header_that_names_another_method_or_path_does_not_arrive(name: str, guarded: Guarded, keys: Keys) -> None:
    tricks = [(spelling, "DELETE") for spelling in spellings(name)]
    reply, arrived = guarded.send("GET", "/api/leads", keys["reader"].header, *tricks)
    assert reply.status == 200 and arrived is not None and arrived.under(name) == []


@pytest.mark.parametrize("spelling", spellings("X-Forwarded-For"))
def test_client_cannot_choose_its_address(spelling: str, guarded: Guarded, keys: Keys) -> None:
    lie = (spelling, "198.51.100.9")
    reply, arrived = guarded.send("GET", "/api/leads", lie, keys["far"].header, lie)
    problem_body = json.loads(reply.body)
    assert (reply.status, problem_body["code"], arrived) == (403, "ip_denied", None)
    reply, arrived = guarded.send("GET", "/api/leads", lie, keys["near"].header, lie)
    assert reply.status == 200 and arrived is not None and "198.51.100.9" not in arrived.under("X-Forwarded-For")


def test_connection_cannot_become_another_protocol(guarded: Guarded, keys: Keys) -> None:
    h2c = (
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"),
    )
    reply, arrived = guarded.send("GET", "/api/leads", keys["reader"].header, *h2c)
    assert reply.status == 200 and arrived is not None and arrived.under("Upgrade") == []


# --- tricks with the path --------------------------------------------------------------------------------------------

TRICKS = [
    "/api/leads/..%2fcalls",
    "/api/leads/%2e%2e/calls",
    "/api/leads/../calls",
    "/api/leads/./42",
    "/api/leads/..;/calls",
    "/api/leads;x=1",
    "/api/leads/42;/calls",
    "/api//leads",
    "//api/leads",
    "/api/leads//42",
    "/api/leads//",
    "/api/leads%2f42",
    "/api%2fleads",
    "/%61pi/leads",
    "/api/%6ceads",
    "/api/leads%00",
    "/api/leads%0a",
    "/api/leads/%252e%252e/calls",
    "/api/leads\\..\\calls",
    "/api/Leads",
    "/API/leads",
    "/api/LEADS/42",
    "/api/leads/42,/api/calls",
    "/api/leads#/../calls",
    "/api",
    "/api/",
    "/",
    "/leads",
    "/gate/api/leads",
    "/_gate",
    "/api/leads/42/notes/7",
    "/api/calls?/api/leads",
    "/api/calls?prefix=/api/leads",
    "/?/api/leads",
    "/api/../api/leads",
    "/x/../api/leads",
]


@pytest.mark.parametrize("target", TRICKS)
def test_tricks_with_the_path_reach_nothing(target: str, guarded: Guarded, keys: Keys) -> None:
    reply, arrived = guarded.send("GET", target, keys["reader"].header)
    assert arrived is None, arrived
    assert 400 <= reply.status < 500


@pytest.mark.parametrize("target", ["http://127.0.0.1{}", "http://elsewhere{}", "//elsewhere{}"])
@pytest.mark.parametrize("path", ["/api/leads", "/api/calls"])
def test_what_is_judged_is_what_the_api_gets(target: str, path: str, guarded: Guarded, keys: Keys) -> None:
    _, arrived = guarded.send("GET", target.format(path), keys["reader"].header)
    assert arrived is None or arrived.target == path == "/api/leads"


@pytest.mark.parametrize("method", ["get", "Delete", "TRACE", "PROPFIND", "GETX"])
def test_method_that_the_catalogue_does_not_know_reaches_nothing(method: str, guarded: Guarded, keys: Keys) -> None:
    reply, arrived = guarded.send(method, "/api/leads", keys["reader"].header)
    assert arrived is None and reply.status in (400, 405, 501)


# --- something is broken ---------------------------------------------------------------------------------------------


def test_nobody_passes_while_boltkeys_is_away(
    api: Upstream, keys: Keys, tmp_path_factory: pytest.TempPathFactory
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with proxies.running(tmp_path_factory.mktemp("away"), nobody, api.port) as started:
        for proxy in started.values():
            reply, arrived = Guarded(proxy, api).send("GET", "/api/leads", keys["reader"].header)
            assert arrived is None
            assert reply.status == (502 if proxy.name == "caddy" else 503)
            assert proxy.name == "caddy" or json.loads(reply.body)["code"] == "unavailable"


def test_nobody_passes_after_an_error_in_lua(
    api: Upstream, keys: Keys, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = shutil.copytree(proxies.DEPLOY, tmp_path / "deploy")
    lua = broken / "haproxy" / "boltkeys.lua"
    lua.write_text(lua.read_text().replace("core.httpclient()", "nothing()"))
    monkeypatch.setattr(proxies, "DEPLOY", broken)
    with proxies.running(tmp_path, server.url, api.port, ["haproxy"]) as started:
        reply, arrived = Guarded(started["haproxy"], api).send("GET", "/api/leads", keys["reader"].header)
        assert (reply.status, arrived) == (503, None)
        assert json.loads(reply.body)["code"] == "unavailable"
