"""The body of a request, read whole and never longer than it may be."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, Protocol

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError

from apps.api.problems import Problem, too_large

CHUNK = 64 * 1024
DRAINED_MAX = 32 * 1024 * 1024
"""Bytes of a body that is too large which are still taken from the client, and thrown away."""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def settle(request: HttpRequest) -> None:
    """Makes the body of `request` readable, also one of unknown length, which Django takes for empty.

    Raises a 413 for a body above `DATA_UPLOAD_MAX_MEMORY_SIZE` bytes, read no further than that, and a 415 for one that
    is compressed: what it unpacks to has no limit.
    """
    meta = request.META
    _check_announced(meta, request)
    if _has_unknown_length(meta):
        body = _read_to_the_end(meta)
        request._stream = BytesIO(body)
        meta["CONTENT_LENGTH"] = str(len(body))


def whole(meta: Mapping[str, Any]) -> bytes:
    """The body of a request that Django never sees. Raises as `settle` does."""
    _check_announced(meta, meta["wsgi.input"])
    if _has_unknown_length(meta):
        return _read_to_the_end(meta)
    length = _length(meta)
    body = _read(meta["wsgi.input"], length) if length > 0 else b""
    if len(body) < length:
        raise Problem("bad_request", "The body is shorter than Content-Length says.")
    return body


def is_awaited_in_vain(meta: Mapping[str, Any]) -> bool:
    """Whether the client waits to be asked for a body (`Expect: 100-continue`) that `whole` refuses unread."""
    if not meta.get("HTTP_EXPECT"):
        return False
    try:
        _check_announced(meta, BytesIO())
    except Problem:
        return True
    return False


def _check_announced(meta: Mapping[str, Any], stream: Readable) -> None:
    """What the headers tell before anything is read."""
    if meta.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("", "identity"):
        detail = "Send the body as it is, without Content-Encoding."
        raise Problem("unsupported_media_type", detail, {"Accept-Encoding": "identity"})
    if _length(meta) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        _drain(meta, stream)
        raise too_large()


def _length(meta: Mapping[str, Any]) -> int:
    try:
        return int(meta.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise Problem("bad_request", "Content-Length must be a number.") from None


def _has_unknown_length(meta: Mapping[str, Any]) -> bool:
    """Whether there may be a body whose end alone tells how long it is: in chunks, or any in HTTP/2 (RFC 9113 §8.1.1).

    Only of a server that says so (`wsgi.input_terminated`, as granian does) can more be read than was announced.
    """
    may_have_one = "HTTP_TRANSFER_ENCODING" in meta or meta["REQUEST_METHOD"] not in ("GET", "HEAD")
    return may_have_one and not meta.get("CONTENT_LENGTH") and bool(meta.get("wsgi.input_terminated"))


def _read_to_the_end(meta: Mapping[str, Any]) -> bytes:
    stream = meta["wsgi.input"]
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    body = _read(stream, most)
    if len(body) == most:
        _drain(meta, stream)
        raise too_large()
    return body


def _read(stream: Readable, most: int) -> bytes:
    """Up to `most` bytes; fewer only when there are no more."""
    body = b""
    try:
        while len(body) < most and (part := stream.read(most - len(body))):
            body += part
    except OSError as error:
        raise UnreadablePostError(*error.args) from error
    return body


def _drain(meta: Mapping[str, Any], stream: Readable) -> None:
    """Lets the client finish: one that is cut off while it sends never gets to read the answer. One that asked first
    (`Expect: 100-continue`) has sent nothing yet."""
    if meta.get("HTTP_EXPECT"):
        return
    for _ in range(DRAINED_MAX // CHUNK):
        if not stream.read(CHUNK):
            break
