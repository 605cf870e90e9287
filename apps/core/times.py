"""Times as people and machines write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload

from apps.core.errors import invalid


@overload
def rfc3339(moment: datetime) -> str: ...
@overload
def rfc3339(moment: None) -> None: ...
def rfc3339(moment: datetime | None) -> str | None:
    """`2026-11-21T08:00:00.123456Z` (RFC 3339, UTC); None stays None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def parse_moment(text: object, *, pointer: str) -> datetime:
    """The moment an RFC 3339 text names. Raises `Invalid` when it is none or has no zone."""
    detail = "Give date, time and zone, such as 2027-01-31T12:00:00Z."
    if not isinstance(text, str):
        raise invalid(pointer, detail, "type")
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise invalid(pointer, detail, "zone")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise invalid(pointer, detail, "format") from error
