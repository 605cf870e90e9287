"""Moves the gate's counts into the database, each batch exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.gate import gate
from apps.gate.meter import Batch, Count, Seen
from apps.usage.models import Batch as Arrived
from apps.usage.models import KeySeen, KeyUsage

BATCHES_KEPT = timedelta(days=7)
"""How long a batch is remembered as arrived: far longer than one can wait in Redis unseen."""


def settle() -> int:
    """Brings all that has been counted into the database; returns the number of batches that arrived."""
    return _deliver(gate.batches())


def settle_local() -> int:
    """The same for what this process alone has counted: everything when embedded, else what Redis could not take."""
    return _deliver(gate.local_batches())


def _deliver(batches: Iterable[Batch]) -> int:
    arrived = 0
    for batch in batches:
        arrived += store(batch)
        gate.confirm(batch)
    return arrived


def store(batch: Batch) -> bool:
    """Adds a batch to the counts, in one transaction with its ID; False when it has arrived before."""
    with transaction.atomic(durable=True):
        _, is_new = Arrived.objects.get_or_create(id=batch.id)
        if is_new:
            # In one order always, so that two flushers never wait for each other.
            _add(sorted(batch.counts, key=lambda c: (c.key_id, c.hour, c.resource, c.outcome)))
            for seen in sorted(batch.seen, key=lambda s: (s.key_id, s.refused)):
                _see(seen)
    return is_new


def forget_batches(now: datetime) -> None:
    """Drops the IDs of batches that arrived long ago."""
    Arrived.objects.filter(arrived_at__lt=now - BATCHES_KEPT).delete()


def _add(counts: Sequence[Count]) -> None:
    """The rows are made if need be, then raised in place: no count is read and written back."""
    KeyUsage.objects.bulk_create([KeyUsage(**_cell(count), count=0) for count in counts], ignore_conflicts=True)
    for count in counts:
        KeyUsage.objects.filter(**_cell(count)).update(count=F("count") + count.count)


def _cell(count: Count) -> dict[str, Any]:
    return {
        "key_id": count.key_id,
        "hour": datetime.fromtimestamp(count.hour, UTC),
        "resource": count.resource,
        "outcome": count.outcome,
    }


def _see(seen: Seen) -> None:
    at = datetime.fromtimestamp(seen.at, UTC)
    row, _ = KeySeen.objects.select_for_update().get_or_create(key_id=seen.key_id)
    if seen.refused and (row.refused_at is None or row.refused_at < at):
        row.refused_at, row.refused_ip = at, seen.ip or None
    elif not seen.refused and (row.used_at is None or row.used_at < at):
        row.used_at, row.used_ip, row.used_agent = at, seen.ip or None, seen.agent
    row.save()
