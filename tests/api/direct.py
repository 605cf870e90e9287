"""One request to the paths that Django never sees, as a server makes it; what it would send comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote_to_bytes

from django.http import HttpResponse

from apps.api.lean import Lean

Fields = list[tuple[str, str]]

DJANGO = b"Django was asked."


def ask(
    method: str,
    path: str,
    key: str = "",
    *,
    body: object = None,
    environ: Any = None,
    **headers: str,
) -> HttpResponse:
    """As `tests.api.call.call`: bytes are sent as they stand, all else as JSON. `environ` goes over all headers."""
    said = _environ(method, path, b"" if body is None else body if isinstance(body, bytes) else _json(body))
    if body is not None:
        said["CONTENT_TYPE"] = headers.pop("Content_Type", "application/json")
    if key:
        headers.setdefault("Authorization", f"Bearer {key}")
    said |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return _answered(said | (environ or {}))


def _answered(environ: dict[str, Any]) -> HttpResponse:
    sent: list[tuple[str, Fields]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> Callable[[bytes], object]:
        sent.append((status, headers))
        return len

    with patch("apps.api.lean.close_old_connections") as closing:  # it would end the transaction that the test is
        content = b"".join(Lean(_django)(environ, start_response))
    assert closing.called == (content != DJANGO)
    ((status, fields),) = sent
    names = [name.lower() for name, _ in fields]
    assert len(names) == len(set(names)), f"a header twice: {names}"
    return HttpResponse(content, status=int(status.split()[0]), headers=dict(fields))


def _json(body: object) -> bytes:
    return json.dumps(body).encode()


def _environ(method: str, path: str, body: bytes) -> dict[str, Any]:
    path, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "REMOTE_ADDR": "192.0.2.7",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }


def _django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [DJANGO]
