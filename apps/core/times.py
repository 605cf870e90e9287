"""Times as people and machines write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import overload

from apps.core.errors import invalid

_ZONE = r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?" rf"(?P<zone>{_ZONE})?"
)


@overload
def rfc3339(moment: datetime) -> str: ...
@overload
def rfc3339(moment: None) -> None: ...
def rfc3339(moment: datetime | None) -> str | None:
    """`2026-11-21T08:00:00.123456Z` (RFC 3339, UTC); None stays None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def read_moment(text: str) -> datetime:
    """The moment in UTC that a text of RFC 3339 §5.6 names, to the microsecond. Raises ValueError.

    A leap second is refused: Python's clock has none.
    """
    match = _MOMENT.fullmatch(text)
    if match is None or not match["zone"]:
        raise ValueError("no zone" if match else "no moment")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of time") from error


def parse_moment(text: object, *, pointer: str) -> datetime:
    """The moment an RFC 3339 text names. Raises `Invalid` when it is none or has no zone."""
    detail = "Give date, time and zone, such as 2027-01-31T12:00:00Z."
    if not isinstance(text, str):
        raise invalid(pointer, detail, "type")
    try:
        return read_moment(text)
    except ValueError as error:
        raise invalid(pointer, detail, "zone" if str(error) == "no zone" else "format") from error
