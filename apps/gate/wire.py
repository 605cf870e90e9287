"""Scripts in Redis over one socket per thread: a fifth of the cost of redis-py's commands, connections and pool.

redis-py makes the connection (TLS, AUTH, SELECT), hiredis reads the answers, and nothing stands between them.
"""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import struct
import threading
from collections.abc import Sequence
from typing import Any, Final

import hiredis
import redis
from redis.connection import ConnectionPool
from redis.maint_notifications import MaintNotificationsConfig

Argument = bytes | str | int

ANSWER_MAX = 65536
"""Bytes read at once. An answer to a script has less than a hundred."""

TOGETHER = 200
"""Commands in one round trip: few enough for no other client to wait long."""

_NOTHING: Final = object()

FAILURES = (redis.RedisError, OSError)
"""What all functions here raise when Redis cannot be asked, or does not answer in time."""


def options(timeout: float) -> dict[str, Any]:
    """How connections are made. `timeout`: seconds to wait for an answer. No server-pushed maintenance messages."""
    quiet = MaintNotificationsConfig(enabled=False)
    return {"socket_timeout": timeout, "socket_connect_timeout": timeout, "maint_notifications_config": quiet}


def pack(*arguments: Argument) -> bytes:
    """A command as it goes over the wire."""
    return hiredis.pack_command(arguments)  # type: ignore[arg-type, no-any-return]


def reader(nothing: object) -> Any:
    """What reads answers; `nothing` is what it gives when none has come whole."""
    return hiredis.Reader(notEnoughData=nothing, replyError=redis.ResponseError, protocolError=redis.InvalidResponse)


def bulk(argument: str) -> bytes:
    """One argument as it goes over the wire."""
    data = argument.encode()
    return b"$%d\r\n%b\r\n" % (len(data), data)


class Script:
    """A Lua script and the name by which Redis knows it."""

    def __init__(self, source: str) -> None:
        self._sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
        self.loading = pack("SCRIPT", "LOAD", source)

    def command(self, keys: Sequence[str], arguments: Sequence[Argument]) -> bytes:
        return pack("EVALSHA", self._sha, len(keys), *keys, *arguments)

    def beginning(self, keys: Sequence[str], arguments: Sequence[Argument]) -> bytes:
        """The command without its last argument, which `bulk` makes."""
        command = pack("EVALSHA", self._sha, len(keys), *keys, *arguments)
        return b"*%d%b" % (len(keys) + len(arguments) + 4, command[command.index(b"\r\n") :])


class Wire:
    """Runs scripts on one server. A connection on which anything went wrong is closed: no answer ever reaches the
    wrong caller.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self._pool = ConnectionPool.from_url(url, **options(timeout))  # which knows how to connect, and lends nothing
        self._timeout = timeout
        self._local = threading.local()

    def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """What the script returns."""
        return self.evaluate(script, script.command(keys, arguments))

    def evaluate(self, script: Script, command: bytes, *, may_run_twice: bool = True) -> Any:
        """The same for a command that is ready.

        With `may_run_twice` a connection that turns out to be dead is replaced once. If Redis died in the middle, the
        script may have run before: a count is then in doubt, and never lost.
        """
        try:
            answer = self._exchange(command)
        except ConnectionError:
            if not may_run_twice:
                raise
            answer = self._exchange(command)
        if isinstance(answer, redis.ResponseError):
            if not str(answer).startswith("NOSCRIPT"):
                raise answer
            answer = _sound(self.ask_all([script.loading, command])[1])
        return answer

    def ask(self, *command: Argument) -> Any:
        """The answer to one command, which may run twice: a connection that turns out to be dead is replaced once."""
        packed = [pack(*command)]
        try:
            answers = self.ask_all(packed)
        except ConnectionError:
            answers = self.ask_all(packed)
        return _sound(answers[0])

    def ask_all(self, commands: Sequence[bytes]) -> list[Any]:
        """The answers to commands, in one round trip. One that Redis refused is a `ResponseError` among them."""
        line = self._line()
        try:
            line.send(b"".join(commands), len(commands))
            return [line.receive() for _ in commands]
        except BaseException:
            self._hang_up(line)
            raise

    @property
    def is_encrypted(self) -> bool:
        return issubclass(self._pool.connection_class, redis.SSLConnection)

    def connected_socket(self) -> socket.socket:
        """A connection of its own, for whoever waits in another way. Not for one that is encrypted."""
        connection = self._new_connection()
        connection.connect()
        connected: socket.socket = connection._sock
        connection._sock = None  # else it would be closed with the connection, which nobody keeps
        return connected

    def send(self, command: bytes) -> Line:
        """Asks, and does not wait: `receive` has to be called next, by the same thread."""
        line = self._line()
        try:
            line.send(command)
        except BaseException:
            self._hang_up(line)
            raise
        return line

    def receive(self, line: Line) -> Any:
        """The answer to what was sent. One that Redis refused is a `ResponseError`."""
        try:
            return line.receive()
        except BaseException:
            self._hang_up(line)
            raise

    def _exchange(self, command: bytes) -> Any:
        return self.receive(self.send(command))

    def _line(self) -> Line:
        """This thread's own connection; a new one after a fork, for two processes cannot share it."""
        line: Line | None = getattr(self._local, "line", None)
        if line is not None and line.owed:
            line.close()  # somebody has not waited for an answer, which must not be taken for the next one
            line = None
        if line is None or line.process != os.getpid():
            line = self._local.line = Line(self._new_connection(), self._timeout)
        return line

    def _new_connection(self) -> Any:
        """Past the pool's own count of connections, which ends at a hundred and never goes down."""
        return self._pool.connection_class(**self._pool.connection_kwargs)

    def _hang_up(self, line: Line) -> None:
        self._local.line = None
        line.close()


class Line:
    """One connection. The timeout is the kernel's: Python's own costs two more system calls for each request.

    Where the connection is encrypted it is Python's, for OpenSSL asks the kernel again and again.
    """

    def __init__(self, connection: Any, timeout: float) -> None:
        connection.connect()
        self.process = os.getpid()
        self._connection = connection
        self._socket: socket.socket = connection._sock
        if isinstance(self._socket, ssl.SSLSocket):
            self._socket.settimeout(timeout)
        else:
            _let_kernel_give_up(self._socket, timeout)
        self._reader = reader(_NOTHING)
        self.owed = 0

    def send(self, commands: bytes, answers: int = 1) -> None:
        self.owed += answers
        self._socket.sendall(commands)

    def receive(self) -> Any:
        """The next answer. Raises `OSError` when none came in time, `ConnectionError` when none will."""
        answers = self._reader
        answer = answers.gets()
        while answer is _NOTHING:
            try:
                data = self._socket.recv(ANSWER_MAX)
            except BlockingIOError:
                raise TimeoutError("Redis has not answered in time.") from None
            if not data:
                raise ConnectionResetError("Redis has closed the connection.")
            answers.feed(data)
            answer = answers.gets()
        self.owed -= 1
        return answer

    def close(self) -> None:
        self._connection.disconnect()


def _let_kernel_give_up(connected: socket.socket, timeout: float) -> None:
    connected.settimeout(None)
    limit = struct.pack("ll", int(timeout), int(timeout % 1 * 1_000_000))
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        connected.setsockopt(socket.SOL_SOCKET, option, limit)


def _sound(answer: Any) -> Any:
    if isinstance(answer, redis.ResponseError):
        raise answer
    return answer
