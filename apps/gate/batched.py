"""Verification in an event loop: the calls that wait at the same moment share one round trip to Redis."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, cast

import redis
from django.db import close_old_connections

from apps.core.verify import Admission, Ask, Examined, Verdict
from apps.gate import gate
from apps.gate.shared import TIMEOUT, SharedGate
from apps.gate.wire import Wire, reader

THREADS = 8
"""For what an event loop cannot wait for: the database, and Redis when it fails."""

LAST_LOOK = 0.05
"""Seconds of `TIMEOUT` that begin when the rest of it has passed: a process that was stopped meanwhile itself finds the
end of its timer before it finds what has come."""

_NOTHING: Final = object()


class BatchedGate:
    """`verify` of the gate as a coroutine: `start` it in the loop.

    What is in memory is asked about together. All else is left to `gate.verify` in a thread, with the same answer.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="verify")
        self._pipes: dict[Wire, Pipe] = {}

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def stop(self) -> None:
        for pipe in self._pipes.values():
            pipe.close()
        self._threads.shutdown()

    async def verify(self, presented: str, ask: Ask) -> Verdict:
        """The verdict, counted when this returns. Raises `Unavailable`."""
        shared = gate.current()
        if isinstance(shared, SharedGate):
            begun = gate.begin(shared, presented, ask)
            if isinstance(begun, Verdict):
                return begun
            if begun and (admission := await self._admit(shared, begun)):
                return begun.verdict(admission)
        return await self._loop.run_in_executor(self._threads, _verify, presented, ask)

    async def _admit(self, shared: SharedGate, examined: Examined) -> Admission | None:
        """None: it has to be asked about once more, and more patiently."""
        digest, found, *_ = examined
        pipe = self._pipe(shared, digest)
        if pipe is None:
            return None
        try:
            answer = await pipe.ask(shared.command(*examined))
        except OSError as error:
            shared.note_failure(error, digest)  # so that no thread asks what has not answered
            return None
        if isinstance(answer, redis.ResponseError):
            return None
        return shared.read(digest, found, answer)

    def _pipe(self, shared: SharedGate, digest: bytes) -> Pipe | None:
        """The pipe to the server that has the key; None while there is none, or the server is away."""
        wire = shared.wire_of(digest)
        if wire is None:
            return None
        pipe = self._pipes.get(wire)
        if pipe is None:
            pipe = self._pipes[wire] = Pipe(self._loop)
            if not wire.is_encrypted:  # which is left to the threads
                self._loop.run_in_executor(self._threads, pipe.open, wire)
        elif pipe.is_broken:
            del self._pipes[wire]
        return pipe if pipe.is_open and shared.is_up(digest) else None


def _verify(presented: str, ask: Ask) -> Verdict:
    try:
        return gate.verify(presented, ask)
    finally:
        close_old_connections()


class Pipe(asyncio.Protocol):
    """One connection of an event loop. What comes while it waits for answers goes out together afterwards."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next: list[tuple[bytes, asyncio.Future[Any]]] = []
        self._asked: deque[asyncio.Future[Any]] = deque()
        self._reader = reader(_NOTHING)
        self.is_open = self.is_broken = False

    def open(self, wire: Wire) -> None:
        """Connects; for another thread, because it waits."""
        try:
            connected = wire.connected_socket()
            # Not waited for: at the end of the process the loop waits for this thread.
            asyncio.run_coroutine_threadsafe(self._open(connected), self._loop)
        except BaseException:
            self.is_broken = True
            raise

    async def _open(self, connected: socket.socket) -> None:
        try:
            connected.setblocking(False)
            await self._loop.create_connection(lambda: self, sock=connected)
        except BaseException:
            self.is_broken = True
            raise

    def ask(self, command: bytes) -> asyncio.Future[Any]:
        """The answer, or the `ResponseError` that Redis gave. Raises `OSError` when there is none in time."""
        future = self._loop.create_future()
        self._next.append((command, future))
        if len(self._next) == 1 and not self._asked:
            self._loop.call_soon(self._send)
        return future

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _send(self) -> None:
        if self._transport is None:
            self.connection_lost(None)
            return
        batch, self._next = self._next, []
        self._asked.extend(future for _, future in batch)
        self._timer = self._loop.call_later(TIMEOUT - LAST_LOOK, self._look_once_more)
        self._transport.write(b"".join([command for command, _ in batch]))

    def _look_once_more(self) -> None:
        self._timer = self._loop.call_later(LAST_LOOK, self.close)

    # --- of asyncio.Protocol ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self.is_open = cast(asyncio.Transport, transport), True

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not _NOTHING:
            future = self._asked.popleft()
            if not future.done():  # else the caller has gone
                future.set_result(answer)
        if not self._asked:
            if self._timer is not None:
                self._timer.cancel()
            if self._next:
                self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport, self.is_open, self.is_broken = None, False, True
        waiting = [*self._asked, *(future for _, future in self._next)]
        self._asked.clear()
        self._next.clear()
        for future in waiting:
            if not future.done():
                future.set_exception(ConnectionResetError("Redis has not answered."))
