"""PgBouncer in transaction pooling before a PostgreSQL: a connection of boltkeys gets another one of the server with
each transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import psycopg

from tests.faults import stores
from tests.faults.stores import Process
from tests.server import free_port
from tools import servers
from tools.environment import clean_environment

CONFIGURATION = """
[databases]
* = host={host} port={port} user={user}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
server_reset_query_always = 1
server_login_retry = 1
query_wait_timeout = 2
log_connections = 0
log_disconnections = 0
"""
"""`server_reset_query_always` throws all away that a client has set for its session after each transaction: what
depends on it fails here at once, and not when another client happens to get that connection. `server_login_retry`: else
a PostgreSQL that is back is not asked for 15 seconds. `query_wait_timeout`: else PgBouncer holds whoever asks for one
that is away for two minutes."""


class PgBouncer:
    """`size`: connections to each database, far fewer than boltkeys has to PgBouncer."""

    def __init__(self, folder: Path, server_url: str, size: int = 4) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._server_url, self.port = server_url, free_port()
        host, port = stores.address(server_url, 5432)
        user = urlsplit(server_url).username
        file = folder / "pgbouncer.ini"
        file.write_text(CONFIGURATION.format(host=host, port=port, user=user, own=self.port, size=size))
        folder.chmod(0o755)
        self.process = Process(
            ["/usr/sbin/pgbouncer", str(file)], folder, clean_environment(), servers.user_of_postgresql()
        )

    def __enter__(self) -> Self:
        self.process.start()
        self.process.wait_until(self._answers)
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()

    def before(self, database_url: str) -> str:
        """The same database, by way of PgBouncer."""
        return stores.through(database_url, self.port)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.before(self._server_url), connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True
