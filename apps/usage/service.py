"""Moves the gate's counts into the database, each batch exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.gate import gate
from apps.gate.meter import Batch
from apps.usage import rows, statements
from apps.usage.models import Batch as Arrived

BATCHES_KEPT = timedelta(days=2)
"""How long a batch is remembered as arrived: longer than one can wait in Redis unseen, or in a snapshot of it."""

TOGETHER = 5_000
"""Counts that are brought in by one transaction, unless one batch alone has more: one wait for the disk for all."""

FORGOTTEN_AT_ONCE = 10_000
"""IDs of batches that are dropped by one statement."""


def settle(digests: Iterable[bytes] | None = None) -> int:
    """Brings all that has been counted into the database; returns the number of batches that arrived.

    With `digests`, at least what was counted for these keys: for who shows the counts of few keys out of many.
    """
    return _deliver(gate.batches(digests))


def settle_local() -> int:
    """The same for what this process alone has counted: everything when embedded, else what Redis could not take."""
    return _deliver(gate.local_batches())


def _deliver(batches: Iterable[Batch]) -> int:
    arrived = 0
    for group in _groups(batches):
        arrived += _store(group)
        for batch in group:
            gate.confirm(batch)
    return arrived


def _groups(batches: Iterable[Batch]) -> Iterator[list[Batch]]:
    """What goes into one transaction each, in one order of IDs, so that no two flushers wait for each other."""
    group: list[Batch] = []
    size = 0
    for batch in sorted(batches, key=lambda batch: batch.id):
        if group and size + len(batch.counts) > TOGETHER:
            yield group
            group, size = [], 0
        group.append(batch)
        size += len(batch.counts)
    if group:
        yield group


def store(batch: Batch) -> bool:
    """Adds a batch to the counts, in one transaction with its ID; False when it has arrived before."""
    return _store([batch]) == 1


def _store(batches: Sequence[Batch]) -> int:
    """Adds those of the batches that have not arrived before; returns how many they were.

    All who write counts do so here: IDs first, then cells, then sightings, each in one order. Somebody who brings the
    same batch at this moment waits for the end of this transaction, and then finds that it has arrived.
    """
    now = timezone.now()
    with transaction.atomic(durable=True):
        new = [batch for batch in batches if statements.arrive(batch.id, now)]
        statements.add(rows.cells_of(count for batch in new for count in batch.counts))
        statements.see(rows.last_seen_of(seen for batch in new for seen in batch.seen))
    return len(new)


def forget_batches(now: datetime) -> None:
    """Drops the IDs of batches that arrived long ago, some at a time."""
    old = Arrived.objects.filter(arrived_at__lt=now - BATCHES_KEPT).order_by("arrived_at").values("id")
    while Arrived.objects.filter(id__in=old[:FORGOTTEN_AT_ONCE]).delete()[0]:
        pass
