"""Old counts: rolled up and dropped by age, and never lost, doubled or moved between windows on the way."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from threading import Event
from typing import Any

import pytest

from apps.gate.meter import ENDED
from apps.keys.management.commands.run_worker import _clean
from apps.keys.queries import key_in
from apps.projects.models import Project
from apps.usage import queries, rollup
from apps.usage.models import KeyUsage
from apps.usage.rollup import DAYS_KEPT, HOURS_KEPT, age
from apps.usage.service import store
from tests import make
from tests.usage.counts import batch, count, given, hours_stored, random_count, stored

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 10, 20, tzinfo=UTC)
FIRST_DAY = datetime(2026, 10, 16, tzinfo=UTC)
"""The first midnight of which all hours are kept."""


def _age(now: datetime = NOW) -> int:
    return sum(age(now))


def test_hours_of_a_day_become_one_row_at_its_first_hour() -> None:
    day = FIRST_DAY - timedelta(days=3)
    store(batch(count("key_a", day + timedelta(hours=hour), 2) for hour in range(24)))
    store(batch([count("key_a", day + timedelta(hours=5), 7, outcome="revoked"), count("key_b", day, 1)]))
    _age()
    rows = KeyUsage.objects.order_by("key_id", "outcome").values_list("key_id", "hour", "outcome", "count")
    assert list(rows) == [("key_a", day, "ok", 48), ("key_a", day, "revoked", 7), ("key_b", day, "ok", 1)]


def test_the_last_five_weeks_keep_their_hours() -> None:
    first, last_before = FIRST_DAY + timedelta(hours=1), FIRST_DAY - timedelta(hours=1)
    store(batch(count("key_a", hour) for hour in (first, last_before, NOW)))
    _age()
    midnight_before = FIRST_DAY - timedelta(days=1)
    assert hours_stored("key_a") == {midnight_before: 1, first: 1, datetime(2026, 11, 20, 10, tzinfo=UTC): 1}


@pytest.mark.parametrize("seed", range(3))
def test_sums_by_key_resource_and_outcome_are_what_they_were(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(rollup, "AT_ONCE", chance.choice((1, 7, 5_000)))
    counted = batch(random_count(chance, 5, 24 * 380, NOW) for _ in range(150))
    store(counted)
    for day in (0, 0, 10):
        _age(NOW + timedelta(days=day))
        assert stored() == given([counted])
    old = KeyUsage.objects.filter(hour__lt=FIRST_DAY + timedelta(days=10))
    assert {row.hour.hour for row in old} == {0}
    assert old.count() == len({(row.key_id, row.hour, row.resource, row.outcome) for row in old})


def test_every_transaction_alone_keeps_the_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup, "AT_ONCE", 3)
    chance = random.Random(1)
    counted = batch(random_count(chance, 3, 24 * 60, NOW) for _ in range(120))
    store(counted)
    steps = 0
    while list(islice(age(NOW), 1)):  # each time begun anew, as after a crash
        assert stored() == given([counted])
        steps += 1
    assert steps > 10


@pytest.mark.parametrize("hours", range(-3, 30, 4))
def test_windows_count_the_same_before_and_after(hours: int) -> None:
    now = NOW + timedelta(hours=hours)
    chance = random.Random(hours)
    store(batch(random_count(chance, 3, 24 * 45, now) for _ in range(800)))
    before = [_windows(f"key_{key}", now) for key in range(3)]
    assert before[0] != before[1]
    _age(now)
    assert [_windows(f"key_{key}", now) for key in range(3)] == before


def _windows(key_id: str, now: datetime) -> list[Any]:
    split = [queries.breakdown(frozenset({key_id}), now, column) for column in ("outcome", "resource")]
    return [
        queries.total(key_id, now),
        *split,
        *(queries.by_hour(frozenset({key_id}), now, window) for window in queries.WINDOWS),
    ]


def test_hours_are_kept_longer_than_any_window_looks_back() -> None:
    assert max(queries.WINDOWS.values()) + timedelta(days=2) < HOURS_KEPT < DAYS_KEPT


def test_count_that_comes_late_joins_its_day() -> None:
    day = FIRST_DAY - timedelta(days=10)
    for hour in (3, 3, 9):
        store(batch([count("key_a", day + timedelta(hours=hour), 5)]))
        _age()
    assert hours_stored("key_a") == {day: 15}


# --- Dropping -------------------------------------------------------------------------------------------------------


def test_days_older_than_400_are_dropped() -> None:
    oldest_kept = datetime(2025, 10, 16, tzinfo=UTC)
    assert oldest_kept == rollup._midnight(NOW - DAYS_KEPT)
    store(batch(count("key_a", hour) for hour in (oldest_kept, oldest_kept - timedelta(hours=1))))
    store(batch([count("key_a", NOW - timedelta(days=900)), count("key_a", NOW - timedelta(days=900), outcome="x")]))
    _age()
    assert hours_stored("key_a") == {oldest_kept: 1}


def test_attempts_after_the_end_are_counted_for_ever(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup, "AT_ONCE", 4)
    key = make.key(project)
    days = [NOW - timedelta(days=390 + 3 * place) for place in range(30)]
    counted = batch(count(key.id, day, 2, outcome=outcome) for day in days for outcome in ENDED)
    store(counted)
    store(batch(count(key.id, day, 2) for day in days))
    _age()
    found = key_in(project, key.id)
    assert found is not None
    assert found.attempts == 30 * 2 * len(ENDED)  # type: ignore[attr-defined]
    months = {hour for hour in hours_stored(key.id) if hour < NOW - DAYS_KEPT - timedelta(days=1)}
    assert months and {(month.day, month.hour) for month in months} == {(1, 0)}
    assert not KeyUsage.objects.filter(outcome="ok", hour__lt=NOW - DAYS_KEPT - timedelta(days=1)).exists()


def test_nothing_to_do_takes_one_look_at_each_day(django_assert_max_num_queries: Callable[[int], Any]) -> None:
    store(batch(count(f"key_{key}", FIRST_DAY - timedelta(days=day)) for day in range(1, 11) for key in range(50)))
    _age()
    with django_assert_max_num_queries(14):
        assert _age() == 0


def test_worker_rolls_up_when_it_cleans() -> None:
    store(batch([count("key_a", NOW - timedelta(days=1000)), count("key_a", datetime.now(UTC))]))
    _clean(Event())
    assert len(hours_stored("key_a")) == 1


def test_worker_that_is_stopped_leaves_the_rest_for_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup, "AT_ONCE", 1)
    store(batch(count(f"key_{place}", datetime(2024, 1, 1, tzinfo=UTC)) for place in range(5)))
    stopped = Event()
    stopped.set()
    _clean(stopped)
    assert KeyUsage.objects.count() == 4
