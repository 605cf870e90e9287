"""Bodies that do not come: a thread waits for each, and the few threads of a server would wait for as many clients."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import BoundedSemaphore
from typing import Any
from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

from apps.core.errors import Unavailable

SPARE = 2
"""Threads that never wait for a body: reading goes on, and so does the gate."""

PATIENCE = 0.25
"""Seconds for which a body waits for its turn. Most are there, whole, as soon as somebody asks for them."""

PAUSE = 1.0
"""Seconds without such a wait after one that was in vain."""


class SlowBodies:
    """All but two of a server's `threads` may wait for bodies. Who reads one more gets `Unavailable`."""

    def __init__(self, application: WSGIApplication, threads: int) -> None:
        self._application, self._turns = application, _Turns(max(1, threads - SPARE))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        if environ["REQUEST_METHOD"] != "GET" or "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = _Input(environ["wsgi.input"], self._turns)
        return self._application(environ, start_response)


class _Turns:
    def __init__(self, number: int) -> None:
        self._free = BoundedSemaphore(number)
        self._hopeless_until = 0.0

    def __enter__(self) -> None:
        if not self._free.acquire(blocking=False) and not self._comes_up():
            raise Unavailable("Too many requests have sent the beginning of a body and not its end. Try again.")

    def __exit__(self, *_: object) -> None:
        self._free.release()

    def _comes_up(self) -> bool:
        if time.monotonic() < self._hopeless_until:
            return False
        if self._free.acquire(timeout=PATIENCE):
            return True
        self._hopeless_until = time.monotonic() + PAUSE
        return False


class _Input:
    """`wsgi.input`, each of whose readings waits for its turn."""

    def __init__(self, stream: InputStream, turns: _Turns) -> None:
        self._stream, self._turns = stream, turns

    def read(self, *size: int) -> bytes:
        return self._in_turn(self._stream.read, *size)

    def readline(self, *size: int) -> bytes:
        return self._in_turn(self._stream.readline, *size)

    def _in_turn(self, read: Callable[..., bytes], *size: int) -> bytes:
        with self._turns:
            return read(*size)
