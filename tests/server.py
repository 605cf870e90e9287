"""A real installation for tests from outside: its own database, granian and the worker, in the profile of the suite."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis

from tests.commands import ROOT, Commands

STARTS_WITHIN = 120.0
REDIS_DATABASES = cycle(range(9, 16))
"""One for each server, apart from the one that tests in the process empty before each test."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """`url` without a slash at its end; `log` holds all that web and worker wrote."""

    url: str
    environ: dict[str, str]
    log: Path

    @cached_property
    def commands(self) -> Commands:
        return Commands(self.environ)

    def manage(self, *args: str, **environ: str) -> dict[str, Any]:
        """Runs an operator's command; returns the object that it prints."""
        ended = self.commands.run(*args, **environ)
        assert ended.code == 0, ended.errors
        with self.log.open("a") as log:
            log.write(ended.errors)
        lines = ended.output.strip().splitlines()
        return json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}

    def call(self, path: str, *, key: str = "", method: str = "GET", body: object = None, **headers: str) -> Answer:
        """One HTTP request, with `key` as Bearer."""
        request = urllib.request.Request(self.url + path, method=method)
        if key:
            request.add_header("Authorization", f"Bearer {key}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        if body is not None:
            request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read())

    def link_mailed_to(self, email: str, path: str) -> str:
        """The path in the latest mail to this address, which the worker sends."""
        folder = Path(self.environ["EMAIL_URL"].removeprefix("filemail://"))
        until = time.monotonic() + 15
        while time.monotonic() < until:
            mails = [file.read_text() for file in sorted(folder.glob("*.log"), key=lambda f: f.stat().st_mtime)]
            links = [re.findall(rf"{re.escape(path)}[\w-]+/", mail) for mail in mails if f"To: {email}" in mail]
            if links and links[-1]:
                return str(links[-1][-1])
            time.sleep(0.2)
        raise AssertionError(f"No mail to {email} with {path}")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def web_command(port: int) -> list[str]:
    """The server of a web process, as `make run` starts it."""
    granian = str(Path(sys.executable).parent / "granian")
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--blocking-threads", "8"]
    return [granian, *options, "--no-access-log", "--respawn-failed-workers", "boltkeys.wsgi:application"]


@contextmanager
def running(folder: Path, **environ: str) -> Iterator[Server]:
    """Serves until the block is left. `folder` holds the database (embedded), the secrets and the log."""
    port = free_port()
    settings = {**os.environ, **_stores(folder), "PORT": str(port), "BOLTKEYS_VAR": str(folder), "LOG_LEVEL": "DEBUG"}
    settings |= {"DEMO": "false", "EMAIL_URL": f"filemail://{folder / 'mail'}", **environ}
    server = Server(f"http://127.0.0.1:{port}", settings, folder / "server.log")
    server.log.touch()
    (folder / "static").symlink_to(_blank().folder / "static")
    with server.log.open("ab") as log:
        web = web_command(port)
        worker = [sys.executable, "manage.py", "run_worker"]
        processes = [subprocess.Popen(c, cwd=ROOT, env=settings, stdout=log, stderr=log) for c in (web, worker)]
        try:
            _wait_for(server, processes)
            yield server
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(timeout=20)
            server.commands.close()


def _wait_for(server: Server, processes: list[subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        assert all(process.poll() is None for process in processes), server.log.read_text()
        try:
            if server.call("/healthz").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"The server did not start:\n{server.log.read_text()}")


@dataclass(frozen=True)
class _Blank:
    """An installation in which nothing has been made: the files for browsers, and a database with all tables."""

    folder: Path
    database_url: str
    keeper: tempfile.TemporaryDirectory[str]
    """Removes the folder at the end."""


@cache
def _blank() -> _Blank:
    """Made once for all servers of a run: tables and packed files take ten seconds, a copy takes none."""
    keeper = tempfile.TemporaryDirectory(prefix="boltkeys-blank-")
    folder = Path(keeper.name)
    url = _database_beside(os.environ.get("DATABASE_URL", ""), f"boltkeys_blank_{os.getpid()}")
    environ = {**os.environ, "BOLTKEYS_VAR": str(folder), "DEMO": "false"} | ({"DATABASE_URL": url} if url else {})
    site = Server("", environ, folder / "log")
    site.manage("migrate", "--verbosity", "0")
    site.manage("collectstatic", "--no-input", "--verbosity", "0")
    site.commands.close()
    return _Blank(folder, url, keeper)


def _stores(folder: Path) -> dict[str, str]:
    """A database of its own beside the suite's, and another Redis database; both without anything in them."""
    stores, blank = {}, _blank()
    if database_url := os.environ.get("DATABASE_URL"):
        name = f"boltkeys_{os.getpid()}_{folder.name}".replace("-", "_").lower()
        stores["DATABASE_URL"] = _database_beside(database_url, name, urlsplit(blank.database_url).path[1:])
    else:
        shutil.copy(blank.folder / "boltkeys.sqlite3", folder)
    if redis_url := os.environ.get("REDIS_URL"):
        stores["REDIS_URL"] = urlsplit(redis_url)._replace(path=f"/{next(REDIS_DATABASES)}").geturl()
        with redis.Redis.from_url(stores["REDIS_URL"]) as client:
            client.flushdb()
    return stores


def _database_beside(url: str, name: str, template: str = "template1") -> str:
    """A new database on the same PostgreSQL, a copy of `template`; nothing where there is no PostgreSQL."""
    if not url:
        return ""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return urlsplit(url)._replace(path=f"/{name}").geturl()
