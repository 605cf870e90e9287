"""A real receiver of webhooks: an HTTP server that keeps what it gets, and answers as it is told."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

Handler = BaseHTTPRequestHandler
Reply = Callable[[BaseHTTPRequestHandler], object]


@dataclass(frozen=True)
class Message:
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`replies` answer one request each, the first first; when none are left, `otherwise` does."""

    port: int = 0
    messages: list[Message] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    otherwise: Reply = field(default_factory=lambda: answering(204))
    lock: Lock = field(default_factory=Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def ids(self) -> list[str]:
        with self.lock:
            return [message.headers["webhook-id"] for message in self.messages]

    def next_reply(self) -> Reply:
        with self.lock:
            return self.replies.pop(0) if self.replies else self.otherwise


def answering(status: int, body: bytes = b"", **headers: str) -> Reply:
    """Header names are written with `_` for `-`."""

    def reply(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def hanging(seconds: float) -> Reply:
    """Takes the request and says nothing."""
    return lambda handler: time.sleep(seconds)


def trickling(seconds: float) -> Reply:
    """A byte of a header at a time, so that no timeout of a single read is ever reached."""

    def reply(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)

    return reply


def flooding(size: int, written: list[int] | None = None, status: int = 200) -> Reply:
    """`size` bytes of body; stops when nobody reads on. `written` gets the length of each part that was taken."""

    def reply(handler: Handler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(size))
        handler.end_headers()
        for _ in range(size // 65536):
            handler.wfile.write(b"x" * 65536)
            if written is not None:
                written.append(65536)

    return reply


def raw(data: bytes) -> Reply:
    """Exactly these bytes, whatever they are."""

    def reply(handler: Handler) -> None:
        handler.wfile.write(data)

    return reply


@contextmanager
def receiving(certificate: Path | None = None) -> Iterator[Receiver]:
    """Serves until the block is left; with TLS when there is a certificate (with its key in the same file)."""
    receiver = Receiver()

    class Handle(BaseHTTPRequestHandler):
        def _take(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            message = Message(self.command, self.path, headers, self.rfile.read(length))
            with receiver.lock:
                receiver.messages.append(message)
            try:
                receiver.next_reply()(self)
            except OSError:
                self.close_connection = True

        do_POST = do_GET = _take

        def log_message(self, format: str, *args: Any) -> None:
            """The tests say what they saw."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handle)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
