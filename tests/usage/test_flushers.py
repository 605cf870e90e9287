"""Several flushers at once, each with its own connection: nothing is counted twice, and none waits for ever."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.db import connection

from apps.gate.meter import Batch, Seen
from apps.usage import service, statements
from apps.usage.models import KeySeen
from tests.usage.counts import batch, count, given, random_count, stored

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 20, 10, 20, tzinfo=UTC)
FLUSHERS = 6


def _batches(chance: random.Random) -> list[Batch]:
    """Batches over the same few keys, in different orders: what would deadlock if rows were taken as they come."""
    return [
        batch(
            [random_count(chance, 40, 30, NOW) for _ in range(200)],
            [Seen(f"key_{chance.randrange(40)}", chance.random() * 1e9, "192.0.2.1", "", chance.random() < 0.5)
             for _ in range(50)],
        )
        for _ in range(24)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_all_bring_the_same_batches_and_each_arrives_once(seed: int) -> None:
    batches = _batches(random.Random(seed))
    start = Barrier(FLUSHERS)

    def flush(number: int) -> int:
        mine = random.Random(number).sample(batches, len(batches))
        start.wait()
        try:
            # Some bring them one by one, some together, so that their transactions overlap in many ways.
            return sum(map(service.store, mine)) if number % 2 else service._deliver(mine)
        finally:
            connection.close()

    with ThreadPoolExecutor(FLUSHERS) as threads:
        arrived = list(threads.map(flush, range(FLUSHERS)))
    assert sum(arrived) == len(batches)
    assert stored() == given(batches)
    latest = {seen.key_id: 0.0 for each in batches for seen in each.seen if not seen.refused}
    for seen in (seen for each in batches for seen in each.seen if not seen.refused):
        latest[seen.key_id] = max(latest[seen.key_id], seen.at)
    kept = {row.key_id: row.used_at.timestamp() for row in KeySeen.objects.exclude(used_at=None) if row.used_at}
    assert kept == pytest.approx(latest, abs=1e-5)


def test_different_batches_of_the_same_keys_never_deadlock() -> None:
    mine = [_batches(random.Random(number)) for number in range(FLUSHERS)]
    start = Barrier(FLUSHERS)

    def flush(number: int) -> int:
        start.wait()
        try:
            return service._deliver(mine[number])
        finally:
            connection.close()

    with ThreadPoolExecutor(FLUSHERS) as threads:
        assert sum(threads.map(flush, range(FLUSHERS))) == FLUSHERS * 24
    assert stored() == given(each for batches in mine for each in batches)


def test_flusher_that_fails_before_its_commit_leaves_the_batch_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = batch([count("key_a", NOW, 3)])
    monkeypatch.setattr(statements, "see", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        service.store(lost)
    monkeypatch.undo()
    assert stored() == {}
    assert service.store(lost)
    assert stored() == given([lost])
