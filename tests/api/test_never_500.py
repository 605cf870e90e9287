"""Whatever comes: an answer below 500, and a problem from 400 on."""

from __future__ import annotations

import json
import random
import string
from typing import Any
from urllib.parse import quote

import pytest

from apps.accounts.models import User
from apps.projects.models import Project
from tests import make
from tests.api.boltly import ALL, new
from tests.api.call import call, data, secret_for
from tests.api.people import access_of

STRANGE = [
    "", " ", "\x00", "\r\n", "\t", "a", "A" * 3000, "é", "日本", "\u202e", "😀", "%00", "%", "%zz", "'", '"', "`", "\\",
    "{}", "[]", "null", "true", "NaN", "-1", "0", "1e999", "9" * 400, "__class__", "a__b", "a%b", "data", "id", "../..",
    "//", "<script>", "; DROP TABLE", "${7*7}", "{{7*7}}", "a,b", "a;b", "a=b", "Bearer", "2026-02-30",
    "0000-00-00T00:00:00Z",
]  # fmt: skip
NAMES = [
    "name",
    "email",
    "phone",
    "status",
    "value",
    "callback_at",
    "notes",
    "id",
    "limit",
    "cursor",
    "order",
    "updated_since",
]
HEADERS = [
    "Accept", "Prefer", "Idempotency-Key", "X-Project", "Content-Encoding", "User-Agent", "X-Forwarded-For", "If-Match",
    "Accept-Encoding", "Cookie", "Origin", "Range", "Transfer-Encoding", "Expect", "X-HTTP-Method-Override",
    "Content-Type",
]  # fmt: skip
METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "X" * 50]


def value(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.randrange(8 if depth < 4 else 6)
    if kind == 6:
        return [value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 7:
        return {text(chance): value(chance, depth + 1) for _ in range(chance.randrange(4))}
    return [
        None,
        True,
        chance.uniform(-1e308, 1e308),
        chance.randrange(-(2**70), 2**70),
        text(chance),
        chance.random(),
    ][kind]


def text(chance: random.Random) -> str:
    if chance.random() < 0.6:
        return chance.choice(STRANGE)
    return "".join(chance.choice(string.printable + "\x00\ud800é\u202e") for _ in range(chance.randrange(30)))


def body(chance: random.Random) -> bytes:
    kind = chance.randrange(5)
    if kind == 0:
        return chance.randbytes(chance.randrange(200))
    sent = value(chance) if kind == 1 else {chance.choice(NAMES): value(chance) for _ in range(chance.randrange(6))}
    written = json.dumps(sent).encode()
    if kind == 4 and written:  # one byte changed
        i = chance.randrange(len(written))
        written = written[:i] + chance.randbytes(1) + written[i + 1 :]
    return written


def path(chance: random.Random, lead: str) -> str:
    start = chance.choice(
        ["/v1/leads", f"/v1/leads/{lead}", "/v1/leads/schema", "/v1/me", "/v1/calls", "/v1/analytics", "/v1"]
    )
    if chance.random() < 0.3:
        start += "/" + quote(text(chance).encode("utf-8", "replace"), safe="/")
    pairs = []
    for _ in range(chance.randrange(4)):
        name = chance.choice(NAMES) if chance.random() < 0.7 else text(chance)
        raw = "".join(f"%{b:02X}" for b in chance.randbytes(5)) if chance.random() < 0.1 else None
        pairs.append(
            quote(name.encode("utf-8", "replace")) + "=" + (raw or quote(text(chance).encode("utf-8", "replace")))
        )
    return start + ("?" + "&".join(pairs) if pairs else "")


def header(chance: random.Random) -> str:
    """What a server lets through: no line breaks, and bytes as latin-1."""
    sent = text(chance).replace("\r", "").replace("\n", "").replace("\x00", "")
    return sent.encode("utf-8", "replace").decode("latin-1")


@pytest.mark.parametrize("seed", range(12))
def test_no_request_gets_a_500(seed: int, project: Project) -> None:
    chance = random.Random(seed)
    key = secret_for(project, "leads:read", "leads:write", "calls:write", "analytics:read")
    lead = data(call("POST", "/v1/leads", key, body={"name": "Ann"}))["id"]
    for _ in range(80):
        headers = {chance.choice(HEADERS): header(chance) for _ in range(chance.randrange(3))}
        method, address = chance.choice(METHODS), path(chance, lead)
        sent = body(chance) if chance.random() < 0.7 else None
        credentials = key if chance.random() < 0.9 else header(chance)
        response = call(method, address, credentials, body=sent, **headers)
        told = (method, address, headers, sent, response.content[:500])
        assert response.status_code < 500, told
        if response.status_code >= 400 and method != "HEAD":
            assert response["Content-Type"] == "application/problem+json", told
            assert json.loads(response.content)["status"] == response.status_code, told


MANAGING = {
    "/v1/auth/login": ["email", "password"],
    "/v1/auth/refresh": ["refresh_token"],
    "/v1/auth/logout": ["refresh_token", "everywhere"],
    "/v1/developer-access/scopes": ["q"],
    "/v1/developer-access/api-keys": [
        "name", "scopes", "unrestricted", "expires_at", "environment", "rate_limit_per_minute", "allowed_ips", "owner",
        "limit", "cursor", "order", "status", "q",
    ],
    "/v1/developer-access/api-keys/{id}": ["window"],
    "/v1/developer-access/api-keys/{id}/revoke": ["reason"],
    "/v1/developer-access/api-keys/{id}/rotate": ["grace_seconds", "expires_at"],
    "/v1/developer-access/api-keys/{id}/usage": ["window"],
}  # fmt: skip


def quoted(chance: random.Random) -> str:
    return quote(text(chance).encode("utf-8", "replace"), safe="")


LIKELY = ["contacts:read", ["contacts:read"], "me", True, 60, "2030-01-01T00:00:00Z", "live", ["10.0.0.0/8"], "leaked"]


@pytest.mark.parametrize("seed", range(8))
def test_no_request_that_signs_in_or_manages_gets_a_500(seed: int, alice: User) -> None:
    chance = random.Random(seed)
    project = make.project("Messages", catalogue="boltly", administrator=alice)
    target = make.key(project, "Target", scopes=["contacts:read"])
    bearers = [access_of(alice), secret_for(project, "contacts:read", "tokens:read", "tokens:create"), ""]
    for _ in range(80):
        address, names = chance.choice(list(MANAGING.items()))
        address = address.replace("{id}", target.pk if chance.random() < 0.8 else quoted(chance))
        asked = [f"{chance.choice(names)}={quoted(chance)}" for _ in range(chance.randrange(3))]
        sent: Any = {name: chance.choice(LIKELY) if chance.random() < 0.5 else value(chance) for name in names}
        sent = json.dumps(sent).encode() if chance.random() < 0.8 else body(chance)
        method = chance.choice(["GET", "POST", "POST", "POST", "DELETE", *METHODS])
        headers = {chance.choice(HEADERS): header(chance) for _ in range(chance.randrange(2))}
        bearer = chance.choice(bearers) if chance.random() < 0.9 else header(chance) + "." + header(chance) + ".x"
        response = call(method, address + "?" + "&".join(asked), bearer, body=sent, **headers)
        told = (method, address, asked, headers, sent, response.content[:500])
        assert response.status_code < 500, told
        if response.status_code >= 400 and method != "HEAD":
            assert response["Content-Type"] == "application/problem+json", told


OPERATED = {
    "/v1/broadcasts/{broadcasts}/schedule": ["scheduled_at"],
    "/v1/broadcasts/{broadcasts}/unschedule": [],
    "/v1/broadcasts/{broadcasts}/send": [],
    "/v1/broadcasts/{broadcasts}/retry": [],
    "/v1/broadcasts/{broadcasts}/report": ["status", "recipients", "delivered", "reason"],
    "/v1/broadcasts/{broadcasts}/metrics": [],
    "/v1/contacts/{contacts}/tags/{tag}": [],
    "/v1/inbox/{inbox}/messages": ["text", "direction", "limit", "cursor", "order", "updated_since"],
    "/v1/templates/{templates}/submit": [],
    "/v1/templates/{templates}/report": ["status", "rejection_reason"],
    "/v1/templates/sync": [],
}
PROBABLE = ["sending", "sent", "failed", "approved", "rejected", "inbound", 5, "2030-01-01T00:00:00Z", "text", None]


@pytest.mark.parametrize("seed", range(6))
def test_no_operation_gets_a_500(seed: int, alice: User) -> None:
    chance = random.Random(seed)
    project = make.project("Messages", catalogue="boltly", administrator=alice)
    key = secret_for(project, *ALL)
    ids = {slug: new(project, slug).split("/")[3] for slug in ("broadcasts", "contacts", "inbox", "templates")}
    codes = set()
    for _ in range(120):
        address, names = chance.choice(list(OPERATED.items()))
        known = {slug: each if chance.random() < 0.9 else quoted(chance) for slug, each in ids.items()}
        address = address.format(tag=quoted(chance), **known)
        asked = [f"{chance.choice(names)}={quoted(chance)}" for _ in range(chance.randrange(3)) if names]
        sent: Any = {name: chance.choice(PROBABLE) if chance.random() < 0.8 else value(chance) for name in names}
        sent = json.dumps(sent).encode() if chance.random() < 0.8 else body(chance)
        method = chance.choice(["GET", "POST", "POST", "POST", "PUT", "DELETE", *METHODS])
        headers = {chance.choice(HEADERS): header(chance) for _ in range(chance.randrange(2))}
        response = call(method, address + "?" + "&".join(asked), key, body=sent, **headers)
        told = (method, address, asked, headers, sent, response.content[:500])
        assert response.status_code < 500, told
        if response.status_code >= 400 and method != "HEAD":
            assert response["Content-Type"] == "application/problem+json", told
        codes.add(response.status_code)
    assert {200, 404, 405, 409, 422} <= codes
