"""Times as readers see them: relative, in their own zone, and exact in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone

_UNITS = (
    (timedelta(days=365), "year"),
    (timedelta(days=30), "month"),
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)

_FEW = timedelta(seconds=15)


def relative(moment: datetime, now: datetime) -> str:
    """`3 days ago`, `in 2 hours`, `just now`: the largest whole unit, never more than has passed."""
    distance = abs(moment - now)
    for size, unit in _UNITS:
        if distance >= size:
            count = distance // size
            words = f"{count} {unit}" if count == 1 else f"{count} {unit}s"
            return f"{words} ago" if moment <= now else f"in {words}"
    if moment <= now:
        return "just now"
    return "in a few seconds" if distance < _FEW else "in less than a minute"


def exact_utc(moment: datetime, *, seconds: bool = True) -> str:
    """`21 Nov 2026, 01:40:22 UTC`."""
    at = moment.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M:%S} UTC" if seconds else f"{at.day} {at:%b %Y, %H:%M} UTC"


def local(moment: datetime) -> str:
    """`21 Nov 2026, 02:40` in the reader's zone, which `zone_name` names."""
    at = timezone.localtime(moment)
    return f"{at.day} {at:%b %Y, %H:%M}"


def machine(moment: datetime) -> str:
    """For the attribute `datetime`: RFC 3339, UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def zone_name() -> str:
    """The reader's zone, `Europe/Berlin`; UTC until the browser has told."""
    return str(timezone.get_current_timezone_name())


def zone(name: str) -> ZoneInfo | None:
    """The zone of this name, if there is one. Names come from a cookie or a link: only known ones reach the files."""
    return ZoneInfo(name) if name in _names() else None


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory"})
