"""One installation for the examples of docs/, each of which is a process of its own, as its README starts it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.server import ROOT, Answer, Server, running

EXAMPLES = ROOT / "docs" / "examples"
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Site:
    """A project, and an administrator's access token."""

    server: Server
    slug: str
    token: str

    def manage(self, path: str, **body: Any) -> Any:
        """What is made by the administrator."""
        path = f"/v1/developer-access/{path}"
        answer = self.server.call(path, key=self.token, method="POST", body=body, X_Project=self.slug)
        assert answer.status == 201, answer.body
        return answer.json()

    def key(self, name: str, *scopes: str) -> str:
        return str(self.manage("api-keys", name=name, scopes=scopes, rate_limit_per_minute=1_000_000)["secret_key"])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("examples"), WEBHOOK_ALLOWED_HOSTS="127.0.0.1") as started:
        yield started


@pytest.fixture(scope="session")
def sales(server: Server) -> Site:
    return _site(server, "Sales", "bolten")


@pytest.fixture(scope="session")
def leads(server: Server) -> Site:
    return _site(server, "Leads", "boltcall")


def _site(server: Server, name: str, catalogue: str) -> Site:
    admin = ("--admin", "alice@example.com", "--password-env", "PASSWORD")
    made = server.manage("create_project", "--name", name, "--catalogue", catalogue, *admin, PASSWORD=PASSWORD)
    body = {"email": "alice@example.com", "password": PASSWORD}
    signed_in = server.call("/v1/auth/login", method="POST", body=body)
    return Site(server, made["slug"], signed_in.json()["access_token"])


def start(script: str, *args: object, server: Server, **environ: str) -> subprocess.Popen[str]:
    """Its output goes to `stdout` and `stderr` of what is returned."""
    command = [sys.executable, str(EXAMPLES / script), *map(str, args)]
    env = {**os.environ, "BOLTKEYS_URL": server.url, **environ}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def serving(script: str, port: int, *args: object, server: Server, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """Runs an example that answers on `port`, until the block is left."""
    with start(script, port, *args, server=server, **environ) as process:
        try:
            until = time.monotonic() + 20
            while fetch(f"http://127.0.0.1:{port}/") is None:
                assert process.poll() is None and time.monotonic() < until
                time.sleep(0.05)
            yield process
        finally:
            process.kill()


def fetch(url: str, form: dict[str, Any] | None = None) -> Answer | None:
    """What a browser would get, without following; None when nobody listens."""
    data = None if form is None else urlencode(form).encode()
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(urllib.request.Request(url, data), timeout=30) as answer:
            return Answer(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as refusal:
        return Answer(refusal.code, dict(refusal.headers), refusal.read())
    except OSError:
        return None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        """A redirect is an answer like others."""
