"""A network that fails when it is told to: a TCP proxy between boltkeys and one of its stores."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from typing import Self

from tests.server import free_port

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no patience: a close sends RST, as a machine does that has lost its memory of a connection."""


class Proxy:
    """Passes everything on to `upstream` (host, port), unless told otherwise. `port` stays the same throughout."""

    def __init__(self, upstream: tuple[str, int]) -> None:
        self.upstream = upstream
        self.port = free_port()
        self._delay = 0.0
        self._flowing = threading.Event()
        self._flowing.set()
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._listener: socket.socket | None = None

    def __enter__(self) -> Self:
        self.accept()
        return self

    def __exit__(self, *error: object) -> None:
        self.heal()
        self.refuse()

    def accept(self) -> None:
        """Lets new connections in."""
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port), backlog=512)
            threading.Thread(target=self._serve, args=[self._listener], daemon=True).start()

    def refuse(self) -> None:
        """As if the machine ran and the server did not: connections are reset, new ones refused."""
        if self._listener is not None:
            listener, self._listener = self._listener, None
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept()
            listener.close()
        self.cut()

    def cut(self) -> None:
        """Resets all connections, wherever they are in an answer. New ones are let in."""
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for end in sockets:
            _reset(end)

    def hang(self) -> None:
        """As if the network had gone: connections are accepted and stay, and nothing passes."""
        self._flowing.clear()

    def delay(self, seconds: float) -> None:
        """Holds everything back for so long, in both directions."""
        self._delay = seconds

    def heal(self) -> None:
        """Ends all faults. What was held back passes now."""
        self._delay = 0.0
        self._flowing.set()
        self.accept()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=[client], daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self.upstream, timeout=5)
        except OSError:
            _reset(client)
            return
        for end in (client, server):
            end.settimeout(None)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._sockets |= {client, server}
        for source, target in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=[source, target], daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self._delay:
                    time.sleep(self._delay)
                self._flowing.wait()
                target.sendall(data)
        self._close(source, target)

    def _close(self, *ends: socket.socket) -> None:
        with self._lock:
            self._sockets -= set(ends)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # wakes the other pump, which closes as well
            end.close()


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        end.shutdown(socket.SHUT_RD)  # wakes the pump
    end.close()
