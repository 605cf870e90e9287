"""A network that fails when it is told to: a TCP proxy between boltkeys and one of its stores."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from tests.server import free_port

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no patience: a close sends RST, as a machine does that has lost its memory of a connection."""


class Proxy:
    """Passes everything on to `upstream` (host, port), unless told otherwise. `port` stays the same throughout.

    One thread does it all, so that nothing waits for others without having been told to.
    """

    def __init__(self, upstream: tuple[str, int]) -> None:
        self.upstream = upstream
        self.port = free_port()
        self._delay = 0.0
        self._hangs = self._closed = False
        self._other: dict[socket.socket, socket.socket] = {}
        self._held: deque[tuple[float, socket.socket, bytes]] = deque()
        self._listener: socket.socket | None = None
        self._selector = selectors.DefaultSelector()
        self._orders: deque[tuple[Callable[[], None], threading.Event]] = deque()
        self._ear, self._mouth = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._selector.register(self._ear, selectors.EVENT_READ, self._obey)
        self._thread.start()
        self.accept()
        return self

    def __exit__(self, *error: object) -> None:
        self.refuse()
        self._order(self._close)
        self._thread.join()

    def accept(self) -> None:
        """Lets new connections in."""
        self._order(self._listen)

    def refuse(self) -> None:
        """As if the machine ran and the server did not: connections are reset, new ones refused."""
        self._order(self._stop_listening)
        self.cut()

    def cut(self) -> None:
        """Resets all connections, wherever they are in an answer. New ones are let in."""
        self._order(self._reset_all)

    def hang(self) -> None:
        """As if the network had gone: connections are accepted and stay, and nothing passes."""
        self._order(self._hold)

    def delay(self, seconds: float) -> None:
        """Holds everything back for so long, in both directions."""
        self._delay = seconds

    def heal(self) -> None:
        """Ends all faults. What was held back passes now."""
        self._delay = 0.0
        self._order(self._flow)
        self.accept()

    # --- in the thread of the proxy -----------------------------------------------------------------------------

    def _order(self, action: Callable[[], None]) -> None:
        done = threading.Event()
        self._orders.append((action, done))
        self._mouth.send(b"!")
        assert done.wait(timeout=10), "The proxy does not obey."

    def _obey(self, ear: socket.socket) -> None:
        ear.recv(1)
        action, done = self._orders.popleft()
        action()
        done.set()

    def _run(self) -> None:
        while not self._closed:
            due = self._held[0][0] - time.monotonic() if self._held and not self._hangs else None
            for key, _ in self._selector.select(None if due is None else max(0.0, due)):
                if key.fileobj is self._ear or key.fileobj is self._listener or key.fileobj in self._other:
                    key.data(key.fileobj)  # else it went with another one of this round
            self._pass_what_is_due()

    def _listen(self) -> None:
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port), backlog=512)
            self._selector.register(self._listener, selectors.EVENT_READ, self._connect)

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None

    def _connect(self, listener: socket.socket) -> None:
        client, _ = listener.accept()
        try:
            server = socket.create_connection(self.upstream, timeout=5)
        except OSError:
            _reset(client)
            return
        self._other |= {client: server, server: client}
        for end in (client, server):
            end.settimeout(5)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not self._hangs:
                self._selector.register(end, selectors.EVENT_READ, self._receive)

    def _receive(self, source: socket.socket) -> None:
        try:
            data = source.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._drop(source)
        elif self._delay or self._held:
            self._held.append((time.monotonic() + self._delay, self._other[source], data))
        else:
            self._send(self._other[source], data)

    def _pass_what_is_due(self) -> None:
        while self._held and not self._hangs and self._held[0][0] <= time.monotonic():
            _, target, data = self._held.popleft()
            if target in self._other:
                self._send(target, data)

    def _send(self, target: socket.socket, data: bytes) -> None:
        try:
            target.sendall(data)
        except OSError:
            self._drop(target)

    def _drop(self, end: socket.socket) -> None:
        """Both ends of a connection, without a reset."""
        for one in (end, self._other[end]):
            del self._other[one]
            with suppress(KeyError):
                self._selector.unregister(one)
            one.close()

    def _reset_all(self) -> None:
        ends, self._other = list(self._other), {}
        self._held.clear()
        for end in ends:
            with suppress(KeyError):
                self._selector.unregister(end)
            _reset(end)

    def _hold(self) -> None:
        self._hangs = True
        for end in self._other:
            with suppress(KeyError):
                self._selector.unregister(end)

    def _flow(self) -> None:
        if self._hangs:
            self._hangs = False
            for end in self._other:
                self._selector.register(end, selectors.EVENT_READ, self._receive)

    def _close(self) -> None:
        self._closed = True


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    end.close()
