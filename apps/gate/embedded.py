"""The gate of one process, without Redis: the database is asked each time, limit and counts are in memory."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from threading import Lock

from apps.core.client import network
from apps.core.records import KeyRecord
from apps.core.verify import Admission, Ask, Flooded, Found, Judgement
from apps.gate.meter import ENDED, HOUR, Backlog, Batch, Count, Seen, printable
from apps.gate.names import Named
from apps.gate.window import Limiter

UNKNOWN_LIMIT = 120 * 64
"""Unknown keys that an address may send in 60 seconds; the shared gate counts them in 64 parts."""


class NoCaches:
    """The changes of a gate without caches: there is nothing that could answer from before them."""

    def begin(self, change: str, digests: Iterable[bytes]) -> None:
        pass

    def end(self, change: str, digests: Iterable[bytes]) -> bool:
        return True

    def catch_up(self, now: float, changed_since: Callable[[float], Iterable[bytes]]) -> bool:
        return False

    def forget_all(self) -> int:
        return 0

    def forget_idle(self) -> int:
        return 0


class EmbeddedGate:
    """Finds at the source, admits in the process. Also what the shared gate falls back to while Redis is away."""

    def __init__(self, load: Callable[[bytes], KeyRecord | None], clock: Callable[[], float] = time.time) -> None:
        self.load = load
        self._clock = clock
        self.changes = NoCaches()
        self._limiter, self._unknown = Limiter(), Limiter()
        self._lock = Lock()
        self._counts: dict[tuple[str, int, str, str], int] = {}
        self._seen: dict[tuple[str, bool], Seen] = {}
        self._undelivered: list[Batch] = []

    def find(self, digest: bytes, ask: Ask, attempt: int) -> Found | None:
        address, now = network(ask.ip or ""), self._clock()
        if not self._unknown.take(address, UNKNOWN_LIMIT, now, count=False)[0]:
            raise Flooded
        record = self.load(digest)
        if record is None:
            self._unknown.take(address, UNKNOWN_LIMIT, now, count=True)
            return None
        return Found(record)

    def admit(self, digest: bytes, found: Found, ask: Ask, judgement: Judgement) -> Admission:
        now = self._clock()
        record = found.record
        outcome = judgement.code
        if record.expires_at is not None and now >= record.expires_at and not record.ended:
            outcome = "expired"
        fits, rate = self._limiter.take(record.key_id, record.rate_limit, now, count=outcome == "ok")
        if outcome == "ok" and not fits:
            outcome = "rate_limited"
        self._count(record.key_id, judgement.resource, outcome, ask, now)
        return Admission(outcome, rate)

    def _count(self, key_id: str, resource: str, outcome: str, ask: Ask, now: float) -> None:
        cell = (key_id, int(now // HOUR) * HOUR, resource, outcome)
        with self._lock:
            self._counts[cell] = self._counts.get(cell, 0) + 1
            if outcome == "ok" or outcome in ENDED:
                refused = outcome != "ok"
                self._seen[key_id, refused] = Seen(key_id, now, ask.ip or "", printable(ask.user_agent), refused)

    def carry_window(self, old: Named, new: Named) -> None:
        self._limiter.carry(old.key_id, new.key_id, self._clock())

    def forget(self, digests: Iterable[bytes]) -> None:
        """Nothing is remembered."""

    def batches(self, digests: Iterable[bytes] | None = None) -> list[Batch]:
        with self._lock:
            # One at a time: while it waits for the database, counts go on adding up in the same few cells.
            if not self._undelivered and self._counts:
                counts = [Count(*cell, number) for cell, number in self._counts.items()]
                self._undelivered.append(Batch(uuid.uuid4().hex, counts, list(self._seen.values())))
                self._counts, self._seen = {}, {}
            return list(self._undelivered)

    def backlog(self) -> Backlog:
        with self._lock:
            return Backlog(len(self._counts) + sum(len(batch.counts) for batch in self._undelivered))

    def local_batches(self) -> list[Batch]:
        return self.batches()

    def confirm(self, batch: Batch) -> None:
        with self._lock:
            self._undelivered = [waiting for waiting in self._undelivered if waiting.id != batch.id]
