"""Private servers of a test run: a PostgreSQL and a Redis on free ports, in a folder that is thrown away."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools import debian
from tools.environment import clean_environment
from tools.processes import Program, Programs

TRIES = 5  # between finding a free port and taking it, somebody else can take it
PATIENCE = 60.0  # seconds for a server to answer
LOCALE = "C.UTF-8" if sys.platform.startswith("linux") else "en_US.UTF-8"

# Fast, and not meant to survive a power cut. Redis keeps its append-only file: a test may kill it and start it again.
POSTGRESQL = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"]
REDIS = ["--bind", "127.0.0.1", "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]


@dataclass(frozen=True)
class Server:
    """How a server is started and asked whether it is ready, both for a given port."""

    name: str
    home: Path
    command: Callable[[int], list[str]]
    answers: Callable[[int], bool]
    user: str | None = None
    end_by: signal.Signals = signal.SIGTERM


def start_postgresql(programs: Programs, folder: Path) -> str:
    """Starts a PostgreSQL of its own in `folder` and returns its `DATABASE_URL`."""
    programs_folder = debian.postgresql_programs()
    if programs_folder is None:
        sys.exit("PostgreSQL is missing.")
    home, user = folder / "postgresql", user_of_postgresql()
    home.mkdir()
    if user:
        shutil.chown(home, user, user)
    make_cluster(programs_folder, home, user)
    settings = [*POSTGRESQL, "listen_addresses=127.0.0.1", f"unix_socket_directories={home}"]
    options = [part for setting in settings for part in ("-c", setting)]
    server = Server(
        name="PostgreSQL",
        home=home,
        command=lambda port: [str(programs_folder / "postgres"), "-D", "data", "-p", str(port), *options],
        answers=lambda port: _succeeds([str(programs_folder / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)]),
        user=user,
        end_by=signal.SIGINT,  # ends the connections; SIGTERM would wait for them
    )
    return f"postgres://boltkeys@127.0.0.1:{_start(programs, server)}/postgres"


def start_redis(programs: Programs, folder: Path) -> str:
    """Starts a Redis of its own in `folder` and returns its `REDIS_URL`. It listens on `redis/socket` there as well."""
    home = folder / "redis"
    home.mkdir()
    server = Server(
        name="Redis",
        home=home,
        command=lambda port: ["redis-server", "--port", str(port), "--unixsocket", "socket", *REDIS],
        answers=_redis_answers,
    )
    return f"redis://127.0.0.1:{_start(programs, server)}/0"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(programs: Programs, server: Server) -> int:
    log = server.home / "log"
    for _ in range(TRIES):
        port = free_port()
        with log.open("wb") as output:
            program = programs.start(
                server.name,
                server.command(port),
                environment=clean_environment(),
                folder=server.home,
                output=output,
                user=server.user,
                end_by=server.end_by,
            )
        if _comes_up(program, lambda: server.answers(port)):  # noqa: B023 - called in this round only
            return port
        programs.end(program)
    sys.exit(f"{server.name} does not start:\n{log.read_text(errors='replace')}")


def _comes_up(program: Program, answers: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while program.exit_code() is None and time.monotonic() < deadline:
        if answers():
            return program.exit_code() is None  # else it was another server that answered
        time.sleep(0.05)
    return False


def user_of_postgresql() -> str | None:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it. None: the present user."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def make_cluster(programs_folder: Path, home: Path, user: str | None) -> None:
    options = ["-U", "boltkeys", "--auth=trust", "--encoding=UTF8", f"--locale={LOCALE}", "--no-sync"]
    done = subprocess.run(
        [str(programs_folder / "initdb"), "-D", "data", *options],
        cwd=home,
        env=clean_environment(),
        user=user,
        group=user,
        extra_groups=[] if user else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"initdb failed:\n{done.stdout}")


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0


def _redis_answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
