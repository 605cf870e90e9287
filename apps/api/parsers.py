"""JSON as RFC 8259 and I-JSON (RFC 7493) have it, and nothing more: no two readers may read one body differently."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from apps.api.problems import Problem, too_large
from apps.core.errors import ERRORS_MAX, FieldError, Invalid, invalid
from apps.core.fields import pointer
from apps.core.secret import redact

DEPTH_MAX = 32
DIGITS_MAX = 400
"""Longer numbers are refused unread: reading an integer takes time in the square of its digits (CVE-2020-10735)."""

_MEDIA_TYPE = re.compile(r'application/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?[ \t]*;?', re.IGNORECASE)
_MEDIA_TYPE_MAX = 100
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")

Path = tuple[Any, ...]
"""Where a value stands: () for the body itself, else the place of what it is in, and its name or number there."""


class StrictJSONParser(BaseParser):
    """Reads one JSON object. Raises 400 (not JSON), 413, 415 or 422, each naming the place."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        check_media_type(media_type or "")
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise too_large()
        return parse_object(body)


def check_media_type(media_type: str) -> None:
    """Raises a 415 unless it is `application/json`, in UTF-8 if it says in what."""
    if len(media_type) > _MEDIA_TYPE_MAX or not _MEDIA_TYPE.fullmatch(media_type.strip()):
        detail = "Send the body as Content-Type: application/json, in UTF-8."
        raise Problem("unsupported_media_type", detail, {"Accept": "application/json"})


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object that `body` is."""
    text = _decoded(body)
    if not text.strip(" \t\r\n"):
        raise Problem("invalid_json", "The body is empty. Send a JSON object, such as {}.")
    value = _loaded(text)
    if not isinstance(value, dict):
        raise invalid("", "The body must be a JSON object, such as {}.", "type")
    errors: list[FieldError] = []
    _check(value, (), 1, errors)
    if errors:
        raise Invalid(errors)
    return value


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem("invalid_json", f"The body is not UTF-8 (byte {error.start}).") from None


def _loaded(text: str) -> Any:
    try:
        return json.loads(
            text,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
            object_pairs_hook=_without_doubles,
        )
    except json.JSONDecodeError as error:
        detail = f"The body is not JSON: {error.msg.lower()} (line {error.lineno}, column {error.colno})."
        raise Problem("invalid_json", detail) from None
    except RecursionError:
        raise _too_deep() from None


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= DIGITS_MAX else math.inf


def _float(digits: str) -> float:
    return float(digits) if len(digits) <= DIGITS_MAX else math.inf


def _constant(name: str) -> float:
    raise Problem("invalid_json", f"{name} is not JSON.")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        double, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise Problem("invalid_json", f"{json.dumps(redact(double)[:80])} is there more than once in one object.")
    return members


def _check(value: Any, path: Path, depth: int, errors: list[FieldError]) -> None:
    """Adds what is well-formed JSON and no data: texts that cannot be stored, numbers beyond all numbers.

    At most `ERRORS_MAX` of them. Raises a 400 for what is nested more than `DEPTH_MAX` deep.
    """
    if isinstance(value, str):
        if _NOT_TEXT.search(value):
            errors.append(FieldError(_pointer(path), "Text must be without NUL and half surrogate pairs.", "text"))
    elif isinstance(value, float):
        if not math.isfinite(value):
            errors.append(FieldError(_pointer(path), "The number is too large.", "range"))
    elif isinstance(value, (list, dict)):
        if depth > DEPTH_MAX:
            raise _too_deep(f" (at {redact(_pointer(path))[:80]})")
        for name, member in enumerate(value) if isinstance(value, list) else value.items():
            if len(errors) == ERRORS_MAX:
                break
            if isinstance(name, str) and _NOT_TEXT.search(name):
                errors.append(FieldError(_pointer(path), "A name has a NUL or half of a surrogate pair.", "text"))
            else:
                _check(member, (path, name), depth + 1, errors)


def _pointer(path: Path) -> str:
    """Written for what is faulty only: a body may have hundreds of thousands of places."""
    return _pointer(path[0]) + pointer(str(path[1])) if path else ""


def _too_deep(where: str = "") -> Problem:
    return Problem("invalid_json", f"The body is nested more than {DEPTH_MAX} deep{where}.")
