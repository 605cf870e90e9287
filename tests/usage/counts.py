"""Batches as the gate makes them, and what the database has of them."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from apps.gate.meter import HOUR, Batch, Count, Seen
from apps.usage.models import KeyUsage

RESOURCES = ("leads", "calls", "")
OUTCOMES = ("ok", "ok", "missing_scope", "rate_limited", "revoked")

Totals = dict[tuple[str, str, str], int]
"""Requests by key, resource and outcome: what no roll-up may change."""


def hour(moment: datetime) -> int:
    return int(moment.timestamp()) // HOUR * HOUR


def count(key_id: str, moment: datetime, number: int = 1, resource: str = "leads", outcome: str = "ok") -> Count:
    return Count(key_id, hour(moment), resource, outcome, number)


def batch(counts: Iterable[Count] = (), seen: Iterable[Seen] = (), name: str = "") -> Batch:
    return Batch(name or uuid.uuid4().hex, list(counts), list(seen))


def random_count(chance: random.Random, keys: int, hours: int, until: datetime) -> Count:
    return Count(
        f"key_{chance.randrange(keys)}",
        hour(until) - HOUR * chance.randrange(1, hours),
        chance.choice(RESOURCES),
        chance.choice(OUTCOMES),
        chance.randrange(1, 1000),
    )


def given(batches: Iterable[Batch]) -> Totals:
    totals: Counter[tuple[str, str, str]] = Counter()
    for each in batches:
        for cell in each.counts:
            totals[cell.key_id, cell.resource, cell.outcome] += cell.count
    return dict(totals)


def stored() -> Totals:
    totals: Counter[tuple[str, str, str]] = Counter()
    for row in KeyUsage.objects.all():
        totals[row.key_id, row.resource, row.outcome] += row.count
    return dict(totals)


def hours_stored(key_id: str) -> dict[datetime, int]:
    rows = KeyUsage.objects.filter(key_id=key_id).values_list("hour", "count").order_by("hour")
    totals: Counter[datetime] = Counter()
    for begun, number in rows:
        totals[begun.astimezone(UTC)] += number
    return dict(totals)
