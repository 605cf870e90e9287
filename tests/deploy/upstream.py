"""The guarded API of the tests: it answers every request with what arrived, and keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True)
class Arrived:
    """`headers` in the order that they came in, names in lower case, as they are spelt else."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: str

    def under(self, name: str) -> list[str]:
        """The values of all headers that a careless program takes for `name`: `X_Api_Key` for `X-Api-Key`."""
        return [value for spelt, value in self.headers if spelt.replace("_", "-") == name.lower()]


@dataclass
class Upstream:
    port: int
    arrived: list[Arrived] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: Upstream

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        arrived = Arrived(self.command, self.path, [(n.lower(), v) for n, v in self.headers.items()], body)
        self.upstream.arrived.append(arrived)
        content = json.dumps(arrived.__dict__).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content if self.command != "HEAD" else b"")

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = do_OPTIONS = _answer

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[Upstream]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    upstream = _Handler.upstream = Upstream(server.server_port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield upstream
    finally:
        server.shutdown()
        server.server_close()
