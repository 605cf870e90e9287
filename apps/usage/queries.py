"""Reading counts: in the last 24 hours, 7 days and 30 days, and by hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet, Sum

from apps.usage.models import KeyUsage

WINDOWS = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}

KeyIds = frozenset[str]
"""Keys whose requests are counted together: a key and those that it was rotated from."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Accepted requests, of one key or of several together."""

    day: int = 0
    week: int = 0
    month: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(self.day + other.day, self.week + other.week, self.month + other.month)

    def as_dict(self) -> dict[str, int]:
        return {"24h": self.day, "7d": self.week, "30d": self.month}


def totals(key_ids: Iterable[str], now: datetime) -> Mapping[str, Totals]:
    """Accepted requests of each key that has any, in one query. Windows begin with the hour they begin in."""
    rows = (
        KeyUsage.objects.filter(key_id__in=list(key_ids), outcome="ok", hour__gte=start(now, "30d"))
        .values("key_id")
        .annotate(
            day=Sum("count", filter=Q(hour__gte=start(now, "24h")), default=0),
            week=Sum("count", filter=Q(hour__gte=start(now, "7d")), default=0),
            month=Sum("count", default=0),
        )
    )
    return {row["key_id"]: Totals(row["day"], row["week"], row["month"]) for row in rows}


def total(key_id: str, now: datetime) -> Totals:
    """Accepted requests of one key."""
    return totals([key_id], now).get(key_id, Totals())


def start(now: datetime, window: str) -> datetime:
    """The hour with which a window (`24h`, `7d`, `30d`) begins: counts are kept by the hour."""
    return (now - WINDOWS[window]).replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Cell:
    """Requests in an hour, to a resource, with an outcome."""

    hour: datetime
    resource: str
    outcome: str
    count: int


def cells(keys: KeyIds, now: datetime, window: str) -> list[Cell]:
    """The counts of these keys together by hour, resource and outcome, oldest first."""
    rows = _rows(keys, now, window).values_list("hour", "resource", "outcome").annotate(total=Sum("count"))
    return [Cell(*row) for row in rows.order_by("hour", "resource", "outcome")]


def by_outcome(keys: KeyIds, now: datetime, window: str) -> dict[str, int]:
    """Requests of these keys together by verdict."""
    rows = _rows(keys, now, window).values("outcome").annotate(total=Sum("count"))
    return {row["outcome"]: row["total"] for row in rows.order_by("outcome")}


def by_resource(keys: KeyIds, now: datetime, window: str) -> dict[str, int]:
    """Accepted requests of these keys together by resource."""
    rows = _rows(keys, now, window).filter(outcome="ok").values("resource").annotate(total=Sum("count"))
    return {row["resource"]: row["total"] for row in rows.order_by("-total", "resource")}


def breakdown(keys: KeyIds, now: datetime, column: str) -> dict[str, Totals]:
    """Requests of these keys together by `outcome` (all of them) or by `resource` (those accepted), the most frequent
    first.
    """
    rows = _rows(keys, now, "30d")
    if column == "resource":
        rows = rows.filter(outcome="ok")
    sums = {
        "day": Sum("count", filter=Q(hour__gte=start(now, "24h")), default=0),
        "week": Sum("count", filter=Q(hour__gte=start(now, "7d")), default=0),
        "month": Sum("count", default=0),
    }
    found = rows.values(column).annotate(**sums).order_by("-month", column)
    return {row[column]: Totals(row["day"], row["week"], row["month"]) for row in found}


def by_hour(keys: KeyIds, now: datetime, window: str) -> dict[datetime, dict[bool, int]]:
    """Requests of these keys together in each hour (UTC) that had any: how many were accepted (True) and refused
    (False).
    """
    hours: dict[datetime, dict[bool, int]] = {}
    rows = _rows(keys, now, window).values("hour", "outcome").annotate(total=Sum("count"))
    for row in rows:
        hour = hours.setdefault(row["hour"], {True: 0, False: 0})
        hour[row["outcome"] == "ok"] += row["total"]
    return hours


def _rows(keys: KeyIds, now: datetime, window: str) -> QuerySet[KeyUsage]:
    return KeyUsage.objects.filter(key_id__in=keys, hour__gte=start(now, window)).order_by()
