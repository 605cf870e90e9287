"""When a delivery is tried again: the schedule that Standard Webhooks recommends."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

WAITS = (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
"""Seconds before each attempt: three days and a bit in all."""

JITTER = 0.2
"""Each wait is longer by up to this part of it, so that a receiver that was away is not met by all at once."""

LONGEST = 24 * 3600
"""Seconds that a receiver can ask us to wait."""


def wait(tries: int, chance: float, asked: float | None = None) -> float | None:
    """Seconds until the next attempt after `tries` attempts; None when that was the last.

    `chance` is a random number from 0 to 1; `asked` is what the receiver's Retry-After says, in seconds.
    """
    if tries >= len(WAITS):
        return None
    own = WAITS[tries] * (1 + JITTER * chance)
    return max(own, min(asked or 0, LONGEST))


def retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After asks for (RFC 9110 §10.2.3): a number or a date. None for what is neither."""
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
