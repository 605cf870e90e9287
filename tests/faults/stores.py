"""A Redis and a PostgreSQL that a test may kill: nobody else uses them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import redis

from tests import certificates
from tests.server import free_port
from tools import debian, servers
from tools.environment import clean_environment

PATIENCE = 30.0

QUICKLY = ["--repl-diskless-sync-delay", "0"]
"""A replica need not wait for others that might want the same."""


class Process:
    """A program that can be stopped, continued, killed and started again; it leads a group of its own."""

    def __init__(
        self, command: list[str], home: Path, environ: dict[str, str], user: str | None = None, log: Path | None = None
    ) -> None:
        self.command, self.home, self._environ, self._user = command, home, environ, user
        self.log = log or home / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert self._process is None or self._process.poll() is not None, "It runs already."
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.home,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self._user,
                group=self._user,
                extra_groups=[] if self._user else None,
            )

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """To all processes of the group."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def pause(self) -> None:
        self.send(signal.SIGSTOP)

    def resume(self) -> None:
        self.send(signal.SIGCONT)

    def kill(self) -> None:
        """kill -9, and the end of it."""
        self._end(signal.SIGKILL)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """An orderly end."""
        self._end(number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self.send(number)
            self.send(signal.SIGCONT)
            try:
                self._process.wait(timeout=PATIENCE)
            finally:
                self.send(signal.SIGKILL)

    def wait_until(self, answers: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.is_running():
            if answers():
                return
            time.sleep(0.02)
        raise AssertionError(f"{self.command[0]} does not answer:\n{self.log.read_text(errors='replace')[-5000:]}")


class RedisServer:
    """A Redis with an append-only file that is written every second, as docs/ asks for. `folder` is its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.home, self.port = folder, free_port()
        command = ["redis-server", "--port", str(self.port), *servers.REDIS, *QUICKLY, "--dir", str(folder), *options]
        self.process = Process(command, folder, clean_environment())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=5)

    def start(self) -> None:
        self.process.start()
        self.process.wait_until(self._answers)

    def restart(self, number: signal.Signals = signal.SIGTERM) -> None:
        """SIGTERM: as for an upgrade. SIGKILL: what was not yet written to the file may be gone."""
        self.process.stop(number)
        self.start()

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()

    def snapshot(self) -> bytes:
        """All that it holds, as a file that `restore` takes."""
        with self.client() as client:
            client.save()
        return (self.home / "dump.rdb").read_bytes()

    def restore(self, snapshot: bytes) -> None:
        """Comes back with what it held when the snapshot was taken, and keeps its append-only file from there on."""
        self.process.kill()
        shutil.rmtree(self.home / "appendonlydir", ignore_errors=True)
        (self.home / "dump.rdb").write_bytes(snapshot)
        options = ["--appendonly", "no", "--dbfilename", "dump.rdb"]
        command, self.process.command = self.process.command, [*self.process.command, *options]
        self.start()
        self.process.command = command
        with self.client() as client:
            client.config_set("appendonly", "yes")

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


class EncryptedRedis(RedisServer):
    """The same for those alone who encrypt, with a certificate of its own in `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._certificate = str(certificates.of_localhost(folder))
        super().__init__(folder, "--port", "0", "--tls-auth-clients", "no")
        for option in ("cert", "key", "ca-cert"):
            self.process.command += [f"--tls-{option}-file", self._certificate]
        self.process.command += ["--tls-port", str(self.port)]

    @property
    def url(self) -> str:
        return f"rediss://localhost:{self.port}/0?ssl_ca_certs={self._certificate}"


class PostgresServer:
    """A PostgreSQL with a cluster of its own, in a folder that its user can reach.

    What it has said to be committed survives kill -9, as everywhere where nobody has changed `synchronous_commit`.
    """

    def __init__(self) -> None:
        programs = debian.postgresql_programs()
        assert programs is not None, "PostgreSQL is missing: `make test` installs it."
        self._programs, self._user, self.port = programs, servers.user_of_postgresql(), free_port()
        self.home = Path(tempfile.mkdtemp(prefix="boltkeys-postgresql-"))
        if self._user:
            self.home.chmod(0o711)
            shutil.chown(self.home, self._user, self._user)
        settings = [*servers.POSTGRESQL, "synchronous_commit=on"]
        settings += ["listen_addresses=127.0.0.1", f"unix_socket_directories={self.home}"]
        command = [str(programs / "postgres"), "-D", "data", "-p", str(self.port)]
        command += [part for setting in settings for part in ("-c", setting)]
        self.process = Process(command, self.home, clean_environment(), self._user)

    def __enter__(self) -> Self:
        servers.make_cluster(self._programs, self.home, self._user)
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def url(self) -> str:
        return f"postgres://boltkeys@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        self.process.start()
        self.process.wait_until(self._answers)

    def restart(self) -> None:
        """kill -9 of the whole server, and the recovery."""
        self.process.kill()
        (self.home / "data" / "postmaster.pid").unlink(missing_ok=True)
        self.start()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True


@contextmanager
def new_database(server_url: str) -> Iterator[str]:
    """An empty database beside that of `server_url`, until the block is left."""
    name = f"boltkeys_faults_{os.getpid()}_{uuid4().hex[:8]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def address(url: str, default_port: int) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or default_port


def through(url: str, port: int) -> str:
    """The same URL, by way of a proxy on this machine."""
    parts = urlsplit(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{credentials}{at}127.0.0.1:{port}").geturl()
