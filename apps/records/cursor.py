"""The place in a list at which the next page begins: opaque to clients, and bound to the order of the list."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apps.core.errors import invalid

ORDERS = ("created_at", "-created_at", "updated_at", "-updated_at")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MAX_LENGTH = 200
_SHAPE = re.compile(r"(-?(?:created|updated)_at)\|([0-9]{1,18})\|([a-z]{3}_[0-9A-Za-z]{22})\|([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Cursor:
    """After the record `id`, whose column named by `order` holds `moment`."""

    order: str
    moment: datetime
    id: str


def encode(cursor: Cursor) -> str:
    """URL-safe text without padding. The moment is kept to the microsecond."""
    text = f"{cursor.order}|{(cursor.moment - _EPOCH) // _MICROSECOND}|{cursor.id}"
    return base64.urlsafe_b64encode(f"{text}|{_checksum(text)}".encode("ascii")).decode("ascii").rstrip("=")


def decode(text: str) -> Cursor:
    """The cursor that `encode` wrote. Raises `Invalid` (`?cursor`) for anything else."""
    match = _SHAPE.fullmatch(_plain(text))
    if match is None or _checksum(match.group(0).rpartition("|")[0]) != match.group(4):
        raise invalid("?cursor", "This is not a cursor. Pass next_cursor of the page before as it stands.", "cursor")
    try:
        moment = _EPOCH + int(match.group(2)) * _MICROSECOND
    except OverflowError:
        raise invalid("?cursor", "This is not a cursor.", "cursor") from None
    return Cursor(match.group(1), moment, match.group(3))


def _plain(text: str) -> str:
    if len(text) > _MAX_LENGTH:
        return ""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""


def _checksum(text: str) -> str:
    """It proves nothing, and need not: a cursor holds no right. It tells what was cut off or mistyped."""
    return f"{zlib.crc32(text.encode('ascii')):08x}"
