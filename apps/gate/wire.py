"""Scripts in Redis over one connection per thread: a third of the cost of redis-py's command layer and pool."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import Any

import redis
from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError, NoScriptError, TimeoutError
from redis.maint_notifications import MaintNotificationsConfig

Argument = bytes | str | int


def options(timeout: float) -> dict[str, Any]:
    """How connections are made. `timeout`: seconds to wait for an answer. No server-pushed maintenance messages."""
    quiet = MaintNotificationsConfig(enabled=False)
    return {"socket_timeout": timeout, "socket_connect_timeout": timeout, "maint_notifications_config": quiet}


class Script:
    """A Lua script and the name by which Redis knows it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


class Wire:
    """Runs scripts. A connection on which anything went wrong is closed: no answer ever reaches the wrong caller."""

    def __init__(self, url: str, timeout: float) -> None:
        self._pool = ConnectionPool.from_url(url, **options(timeout))
        self._local = threading.local()

    def run(self, script: Script, keys: list[str], args: list[Argument]) -> Any:
        """What the script returns. Raises `redis.RedisError` and `OSError`.

        A connection that turns out to be dead is replaced once. If Redis died in the middle, the script may have
        run before: a count is then in doubt, and never lost.
        """
        try:
            return self._run(script, keys, args)
        except TimeoutError:
            raise
        except ConnectionError:
            return self._run(script, keys, args)

    def _run(self, script: Script, keys: list[str], args: list[Argument]) -> Any:
        connection = self._connection()
        try:
            try:
                return self._call(connection, "EVALSHA", script.sha, len(keys), *keys, *args)
            except NoScriptError:
                return self._call(connection, "EVAL", script.source, len(keys), *keys, *args)
        except redis.ResponseError:
            raise  # Redis has answered: the connection is in order
        except BaseException:
            self._local.connection = None
            connection.disconnect()
            raise

    def _connection(self) -> Any:
        """This thread's own connection; a new one after a fork, for two processes cannot share it."""
        connection = getattr(self._local, "connection", None)
        if connection is None or self._local.process != os.getpid():
            connection = self._pool.make_connection()
            connection.connect()  # type: ignore[no-untyped-call]
            self._local.connection, self._local.process = connection, os.getpid()
        return connection

    @staticmethod
    def _call(connection: Any, *command: Argument) -> Any:
        connection.send_packed_command(connection.pack_command(*command), check_health=False)
        return connection.read_response()
