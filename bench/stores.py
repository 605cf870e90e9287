"""The private PostgreSQL and Redis of a run."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench import placement
from tools import servers
from tools.processes import Programs


@dataclass(frozen=True)
class Stores:
    """`redis_socket` is the same Redis, without TCP."""

    database: str
    redis: str
    redis_socket: str
    _postmaster: int

    @property
    def postgresql_port(self) -> int:
        return urlsplit(self.database).port or 5432

    def ask_redis(self, *command: str) -> str:
        done = subprocess.run(["redis-cli", "-u", self.redis, *command], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def redis_info(self, name: str) -> str:
        lines = self.ask_redis("INFO", "everything").splitlines()
        return next(line.partition(":")[2] for line in lines if line.startswith(f"{name}:"))

    def log_appends(self, on: bool) -> None:
        """Whether Redis writes what changes to its append-only file, once a second to the disk."""
        self.ask_redis("CONFIG", "SET", "appendonly", "yes" if on else "no")

    def move(self, core: int) -> None:
        for process in (self._postmaster, int(self.redis_info("process_id"))):
            placement.move(process, core)


def start(programs: Programs, folder: Path) -> Stores:
    """Starts both beside the worker. As in the tests, PostgreSQL does not wait for the disk, which suits the peers:
    better-auth writes to it on each request."""
    with placement.on(placement.WORKER):
        database = servers.start_postgresql(programs, folder)
        redis = servers.start_redis(programs, folder)
    postmaster = (folder / "postgresql" / "data" / "postmaster.pid").read_text().split()[0]
    return Stores(database, redis, f"unix://{folder / 'redis' / 'socket'}?db=0", int(postmaster))
