"""One installation, one guarded API and all proxies for the whole session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.deploy import proxies, upstream
from tests.deploy.proxies import Proxy
from tests.deploy.upstream import Arrived, Upstream
from tests.server import ROOT, Server
from tests.server import running as installation

SET_UP = """
import io, json
from django.core.management import call_command
from apps.core.actor import OPERATOR
from apps.keys import service
from apps.accounts.models import User
from apps.projects.models import Project
for name, catalogue in {"Calls": "boltcall", "Messages": "boltly", "Shop": "shop"}.items():
    words = ["--name", name, "--catalogue", catalogue, "--admin", "alice@example.com"]
    call_command("create_project", *words, stdout=io.StringIO())
def make(slug, name, *scopes, **over):
    over = {"rate_limit": 1_000_000, **over}
    project = Project.objects.get(slug=slug)
    made = service.create_key(actor=OPERATOR, project=project, name=name, scopes=scopes, **over)
    return {"id": made.key.id, "secret": made.secret, "project": project.id}
keys = {
    "reader": make("calls", "Reader", "leads:read"),
    "writer": make("calls", "Writer", "leads:write"),
    "far": make("calls", "Far", "leads:read", allowed_ips=["198.51.100.0/24"]),
    "near": make("calls", "Near", "leads:read", allowed_ips=["127.0.0.1"]),
    "revoked": make("calls", "Revoked", "leads:read"),
    "owned": make("calls", "Owned", "leads:read", owner=User.objects.get(email="alice@example.com")),
    "author": make("messages", "Author", "templates:read", "templates:create"),
    "sender": make("messages", "Sender", "broadcasts:send", "templates:manage"),
}
for name, action in {"reader": "read", "shipper": "ship", "doomed": "read", "counted": "read"}.items():
    keys[f"shop-{name}"] = make("shop", name, f"orders:{action}")
for proxy in ("nginx", "caddy", "haproxy"):
    keys[f"limited-{proxy}"] = make("calls", f"Limited {proxy}", "leads:read", rate_limit=2)
    keys[f"counted-{proxy}"] = make("calls", f"Counted {proxy}", "leads:read")
    keys[f"doomed-{proxy}"] = make("calls", f"Doomed {proxy}", "leads:read")
from apps.keys.models import Key
service.revoke_key(actor=OPERATOR, key=Key.objects.get(id=keys["revoked"]["id"]), reason="leaked")
print(json.dumps(keys))
"""


@dataclass(frozen=True)
class Key:
    id: str
    secret: str
    project: str

    @property
    def header(self) -> tuple[str, str]:
        return ("Authorization", f"Bearer {self.secret}")


@dataclass(frozen=True)
class Reply:
    """`headers` with names in lower case, one pair for each line."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for given, value in self.headers if given == name.lower()]


TELLING = ("X-Original-Method", "X-Original-URI", "X-Forwarded-Method", "X-Forwarded-Uri")
"""By these a proxy tells the gate what it asks about."""

OVERRIDES = ("X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL")
"""By these some frameworks take another method or path than those that came."""


def spellings(name: str) -> list[str]:
    """Every way to write hyphens as underscores."""
    first, *rest = name.split("-")
    written = [first]
    for part in rest:
        written = [start + mark + part for start in written for mark in "-_"]
    return written


class Guarded:
    """The API as clients see it, behind one of the proxies."""

    def __init__(self, proxy: Proxy, upstream: Upstream) -> None:
        self.proxy = proxy
        self.upstream = upstream

    @property
    def name(self) -> str:
        return self.proxy.name

    def send(self, method: str, target: str, *headers: tuple[str, str], body: str = "") -> tuple[Reply, Arrived | None]:
        """What the client gets, and what arrived at the API: None when nothing did."""
        before = len(self.upstream.arrived)
        reply = send(self.proxy.port, method, target, *headers, body=body)
        new = self.upstream.arrived[before:]
        assert len(new) <= 1
        return reply, new[0] if new else None


def send(port: int, method: str, target: str, *headers: tuple[str, str], body: str = "") -> Reply:
    """Sends a request with the target and the header lines as they stand."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode() or None)
        answer = connection.getresponse()
        return Reply(answer.status, [(n.lower(), v) for n, v in answer.getheaders()], answer.read())
    finally:
        connection.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"TRUSTED_PROXIES": "1", "BOLTKEYS_CATALOGUES": str(ROOT / "docs" / "examples" / "shop" / "catalogues")}
    with installation(tmp_path_factory.mktemp("deploy"), **settings) as started:
        yield started


@pytest.fixture(scope="session")
def keys(server: Server) -> dict[str, Key]:
    made: dict[str, Any] = server.manage("shell", "-c", SET_UP)
    return {name: Key(**fields) for name, fields in made.items()}


@pytest.fixture(scope="session")
def api() -> Iterator[Upstream]:
    with upstream.serving() as serving:
        yield serving


@pytest.fixture(scope="session")
def all_proxies(server: Server, api: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Proxy]]:
    with proxies.running(tmp_path_factory.mktemp("proxies"), server.url, api.port) as started:
        yield started


@pytest.fixture(params=proxies.NAMES)
def guarded(request: pytest.FixtureRequest, all_proxies: dict[str, Proxy], api: Upstream) -> Guarded:
    return Guarded(all_proxies[request.param], api)
