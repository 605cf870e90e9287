"""How the keys of the demo were used in the last thirty days: by the hour, with nights, weekends and strangers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from apps.dashboard.demo import clock
from apps.dashboard.demo.keys import PLANS, Plan
from apps.gate.meter import ENDED, Batch, Count, Seen
from apps.keys.models import Key
from apps.usage import service

HOUR = timedelta(hours=1)

OFFICE = (0, 0, 0, 0, 0, 0, 0.1, 0.3, 0.7, 1, 1, 0.9, 0.6, 0.8, 0.9, 0.8, 0.6, 0.3, 0.1, 0.1, 0, 0, 0, 0)
CALLS = (0, 0, 0, 0, 0, 0, 0.1, 0.3, 0.9, 1, 0.9, 0.8, 0.6, 0.7, 0.8, 0.8, 0.7, 0.5, 0.3, 0.2, 0.1, 0.1, 0, 0)
WEEKEND = 0.18

Rhythm = Callable[[datetime], float]


def _weekly(shares: tuple[float, ...]) -> Rhythm:
    return lambda hour: shares[hour.hour] * (WEEKEND if hour.weekday() >= 5 else 1)


RHYTHMS: Mapping[str, Rhythm] = {
    "office": _weekly(OFFICE),
    "calls": _weekly(CALLS),
    "sync": lambda hour: 0 if hour.hour % 2 else 1 if hour.weekday() < 5 else 0.6,
    "morning": lambda hour: 1 if hour.hour == 7 else 0.15 if hour.hour in (12, 17) else 0,
    "nightly": lambda hour: 1 if hour.hour == 2 else 0.3 if hour.hour == 3 else 0,
    "never": lambda hour: 0,
}
"""Share of the busiest hour's requests, by hour (UTC)."""


def make(keys: Mapping[str, Key], now: datetime) -> None:
    """Brings the counts in as the worker would: as batches with an ID, that count once."""
    for plan in PLANS:
        key = keys[plan.name]
        counts = list(_counts(plan, key, now))
        service.store(Batch(f"demo {key.id}", counts, list(_seen(plan, key, counts, now))))


def _counts(plan: Plan, key: Key, now: datetime) -> Iterator[Count]:
    chance = clock.chance(plan.name)
    end = _end(key, now)
    hour = _first_hour(key)
    while hour < end:
        expected = plan.busy * RHYTHMS[plan.rhythm](hour)
        yield from _hour(plan, key, hour, round(expected * chance.uniform(0.6, 1.15)), chance)
        hour += HOUR
    if plan.attempts:
        yield from _attempts(plan, key, end, now, chance)


def _hour(plan: Plan, key: Key, hour: datetime, requests: int, chance: random.Random) -> Iterator[Count]:
    """The requests of one hour, most of them for the first resource of the key, a few of them refused."""
    resources = list(dict.fromkeys(scope.split(":")[0] for scope in plan.scopes.split()))
    for resource, share in zip(resources, (0.8, 0.2), strict=False):
        if count := round(requests * (share if len(resources) > 1 else 1)):
            yield _count(key, hour, resource, "ok", count)
    if requests and chance.random() < 0.015:
        yield _count(key, hour, resources[0], "missing_scope", chance.randint(1, 3))
    if requests > 20 and chance.random() < 0.02:
        yield _count(key, hour, resources[0], "rate_limited", chance.randint(2, 15))


def _attempts(plan: Plan, key: Key, end: datetime, now: datetime, chance: random.Random) -> Iterator[Count]:
    """What still came after the key's end: much on the first days, then less."""
    outcome = "revoked" if key.revoked_at else "expired"
    hours = max(1, (now - end) // HOUR - 1)
    counts: dict[int, int] = {}
    for _ in range(plan.attempts):
        after = min(int(chance.expovariate(5 / hours)), hours - 1)
        counts[after] = counts.get(after, 0) + 1
    for after, count in counts.items():
        yield _count(key, _whole(end) + HOUR * (after + 1), "", outcome, count)


def _seen(plan: Plan, key: Key, counts: list[Count], now: datetime) -> Iterator[Seen]:
    """The last use, and the last attempt after the end: some minutes into the last hour that has one."""
    minutes = clock.chance(key.name).randint(1, 50) * 60
    used = [count.hour for count in counts if count.outcome == "ok"]
    refused = [count.hour for count in counts if count.outcome in ENDED]
    if used:
        latest = _end(key, now).timestamp() - 60
        yield Seen(key.id, min(max(used) + minutes, latest), plan.ip, plan.agent, refused=False)
    if refused:
        latest = now.timestamp() - 60
        yield Seen(key.id, min(max(refused) + minutes, latest), plan.stranger, plan.agent, refused=True)


def _count(key: Key, hour: datetime, resource: str, outcome: str, count: int) -> Count:
    return Count(key.id, int(hour.timestamp()), resource, outcome, count)


def _end(key: Key, now: datetime) -> datetime:
    return min(moment for moment in (key.revoked_at, key.expires_at, now) if moment is not None)


def _first_hour(key: Key) -> datetime:
    return _whole(key.created_at) + HOUR


def _whole(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
