"""An installation of its own, whose parts fail one by one: web processes, a worker, and proxies before its stores."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from tests.faults import stores
from tests.faults.pgbouncer import PgBouncer
from tests.faults.proxy import Proxy
from tests.faults.stores import PostgresServer, Process, RedisServer
from tests.server import ROOT, STARTS_WITHIN, Server, free_port, web_command


@dataclass
class Web:
    """One web process (granian's two), on a port of its own."""

    server: Server
    process: Process

    @property
    def port(self) -> int:
        return int(self.server.environ["PORT"])

    def start(self) -> None:
        self.process.start()
        self.wait()

    def wait(self) -> None:
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until:
            assert self.process.is_running(), self.process.log.read_text()[-5000:]
            if self._answers():
                return
            time.sleep(0.05)
        raise AssertionError(f"The server did not start:\n{self.process.log.read_text()[-5000:]}")

    def _answers(self) -> bool:
        try:
            return self.server.call("/healthz").status == 200
        except OSError:
            return False


@dataclass
class Site:
    """`redis` and `database` are the networks before the stores: None in the embedded profile."""

    folder: Path
    environ: dict[str, str]
    webs: list[Web] = field(default_factory=list)
    redis: Proxy | None = None
    database: Proxy | None = None
    redis_server: RedisServer | None = None
    database_server: PostgresServer | None = None
    direct: dict[str, str] = field(default_factory=dict)
    """For a process that is to reach the stores past these networks."""

    def __post_init__(self) -> None:
        self.worker = self._process("worker", [sys.executable, "manage.py", "run_worker"], self.environ)
        self.tools = Server("", self.environ, self.folder / "tools.log")
        """For the operators' commands."""
        self.tools.log.touch()

    @property
    def ports(self) -> list[int]:
        return [web.port for web in self.webs]

    def add_web(self, **environ: str) -> Web:
        """One more web process, which is not started yet. `environ`: what is different for this one."""
        port = free_port()
        own = {**self.environ, **environ, "PORT": str(port)}
        process = self._process(f"web{len(self.webs)}", web_command(port), own)
        web = Web(Server(f"http://127.0.0.1:{port}", own, process.log), process)
        self.webs.append(web)
        return web

    def start(self) -> None:
        """Starts all that does not run."""
        for process in (self.worker, *(web.process for web in self.webs)):
            if not process.is_running():
                process.start()
        for web in self.webs:
            web.wait()

    def stop(self) -> None:
        for process in (*(web.process for web in self.webs), self.worker):
            process.kill()

    def log(self) -> str:
        """All that web processes and worker wrote."""
        return "".join(file.read_text(errors="replace") for file in sorted(self.folder.glob("*/log")))

    def _process(self, name: str, command: list[str], environ: Mapping[str, str]) -> Process:
        home = self.folder / name
        home.mkdir(exist_ok=True)
        return Process(command, ROOT, dict(environ), log=home / "log")


@contextmanager
def running(
    folder: Path,
    *,
    webs: int,
    database_url: str = "",
    redis_url: str = "",
    bouncer: PgBouncer | None = None,
    network: Proxy | None = None,
    **environ: str,
) -> Iterator[Site]:
    """Serves until the block is left, on an empty database beside `database_url` and on `redis_url`, each by way of a
    proxy. Without them: the embedded profile. `environ` goes to all processes.

    `bouncer`: between the proxy and the database. `network`: that before Redis, when `redis_url` leads through it.
    """
    own = {**os.environ, "BOLTKEYS_VAR": str(folder), "LOG_LEVEL": "INFO", "DEMO": "false", **environ}
    own |= {"EMAIL_URL": f"filemail://{folder / 'mail'}"}
    with ExitStack() as stack:
        database = redis = None
        direct: dict[str, str] = {}
        own.pop("DATABASE_URL", None)
        own.pop("REDIS_URL", None)
        if database_url:
            empty = stack.enter_context(stores.new_database(database_url))
            empty = bouncer.before(empty) if bouncer else empty
            database = stack.enter_context(Proxy(stores.address(empty, 5432)))
            own["DATABASE_URL"] = stores.through(empty, database.port)
            direct["DATABASE_URL"] = empty
        if network:
            redis, own["REDIS_URL"], direct["REDIS_URL"] = network, redis_url, redis_url
        elif redis_url:
            redis = stack.enter_context(Proxy(stores.address(redis_url, 6379)))
            own["REDIS_URL"] = stores.through(redis_url, redis.port)
            direct["REDIS_URL"] = redis_url
        site = Site(folder, own, redis=redis, database=database, direct=direct)
        stack.callback(site.stop)
        site.tools.manage("migrate", "--verbosity", "0")
        _write_manifest(folder / "static")
        for _ in range(webs):
            site.add_web()
        site.start()
        yield site


def _write_manifest(folder: Path) -> None:
    """Pages name their files by it, which nobody asks for here: `collectstatic`, which packs them, takes long."""
    own = (file.relative_to(ROOT / "static").as_posix() for file in (ROOT / "static").rglob("*") if file.is_file())
    folder.mkdir(exist_ok=True)
    paths = {name: name for name in (*own, *settings.NPM_FILES)}
    (folder / "staticfiles.json").write_text(json.dumps({"paths": paths, "version": "1.1", "hash": ""}))
