"""The smallest applications of each kind, without any framework: what the server itself can do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

BODY = b'{"id":1,"name":"widget","ok":true}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(name.lower().encode(), value.encode()) for name, value in HEADERS],
}
END = {"type": "http.response.body", "body": BODY}


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", HEADERS)
    return [BODY]


async def asgi(scope: dict[str, Any], receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
    if scope["type"] == "http":
        await send(START)
        await send(END)


async def rsgi(scope: Any, protocol: Any) -> None:
    protocol.response_bytes(200, [("content-type", "application/json")], BODY)
