"""Reads what `make run` is told by the environment, and says what is wrong with it before anything starts."""

from __future__ import annotations

import errno
import re
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

PATIENCE = 10.0  # seconds that a database or a Redis may still be on its way up
STANDARD_PORTS = {"postgres": 5432, "postgresql": 5432, "psql": 5432, "pgsql": 5432, "redis": 6379, "rediss": 6379}


@dataclass(frozen=True)
class Configuration:
    """`threads` are those of one process."""

    port: int
    processes: int
    threads: int
    embedded: bool

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def read(environment: Mapping[str, str]) -> Configuration:
    """The configuration; ends with a message when a value is out of range, or values do not go together."""
    processes = _number(environment, "WEB_PROCESSES", default=1, highest=256)
    if processes > 1 and not environment.get("REDIS_URL"):
        sys.exit("WEB_PROCESSES is more than 1 and REDIS_URL is not set: limits and counts would not be exact.\n"
                 "Set REDIS_URL, or WEB_PROCESSES=1.")  # fmt: skip
    return Configuration(
        port=_number(environment, "PORT", default=8000, highest=65535),
        processes=processes,
        threads=_number(environment, "WEB_THREADS", default=8, highest=1024),
        embedded=not environment.get("REDIS_URL"),
    )


def require_free_port(port: int) -> None:
    """Ends with a message when nothing can listen on `port` of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                sys.exit(f"Port {port} is in use. Choose another: make run PORT={_another(port)}")
            sys.exit(f"Port {port} cannot be opened: {error.strerror}. Choose another: make run PORT=8000")


def require_stores(environment: Mapping[str, str]) -> None:
    """Ends with a message when the server named by `DATABASE_URL` or `REDIS_URL` does not answer."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        place = _place(environment.get(name, ""))
        if place and not _answers(place):
            sys.exit(f"{name} names {place[0]}:{place[1]}, and nothing answers there.")


def _number(environment: Mapping[str, str], name: str, *, default: int, highest: int) -> int:
    text = environment.get(name, "").strip() or str(default)
    if re.fullmatch(r"[0-9]{1,9}", text) and 1 <= int(text) <= highest:
        return int(text)
    sys.exit(f"{name} must be a whole number from 1 to {highest}, and is {text!r}.")


def _another(port: int) -> int:
    return port + 1 if port < 65535 else 8000


def _place(url: str) -> tuple[str, int] | None:
    """Host and port of a URL of PostgreSQL or Redis; None when it names a socket file or something else."""
    try:
        parts = urlsplit(url)
        if parts.scheme in STANDARD_PORTS and parts.hostname and "%" not in parts.hostname:
            return parts.hostname, parts.port or STANDARD_PORTS[parts.scheme]
    except ValueError:
        pass  # the settings say what is wrong with it
    return None


def _answers(place: tuple[str, int]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(place, timeout=3).close()
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
        else:
            return True
