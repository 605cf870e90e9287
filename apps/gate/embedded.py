"""The gate of one process, without Redis: the database is asked each time, limit and counts are in memory."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from threading import Lock

from apps.core.records import KeyRecord
from apps.core.verify import Admission, Ask, Found, Judgement
from apps.gate.meter import ENDED, HOUR, Batch, Count, Seen, printable
from apps.gate.window import Limiter


class EmbeddedGate:
    """Finds at the source, admits in the process. Also what the shared gate falls back to while Redis is away."""

    def __init__(self, load: Callable[[bytes], KeyRecord | None], clock: Callable[[], float] = time.time) -> None:
        self.load = load
        self._clock = clock
        self._limiter = Limiter()
        self._lock = Lock()
        self._counts: dict[tuple[str, int, str, str], int] = {}
        self._seen: dict[tuple[str, bool], Seen] = {}
        self._undelivered: list[Batch] = []

    def find(self, digest: bytes, attempt: int) -> Found | None:
        record = self.load(digest)
        return None if record is None else Found(record)

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

    def begin_change(self, digests: Iterable[bytes]) -> str:
        """Nothing to do: there is no cache that could answer from before the change."""
        return ""

    def end_change(self, change: str, digests: Iterable[bytes]) -> None:
        pass

    def assert_again(self, digests: Iterable[bytes]) -> None:
        pass

    def forget_after_restart(self) -> bool:
        return False

    def batches(self) -> list[Batch]:
        with self._lock:
            # One at a time: while it waits for the database, counts go on adding up in the same few cells.
            if not self._undelivered and self._counts:
                counts = [Count(*cell, number) for cell, number in self._counts.items()]
                self._undelivered.append(Batch(uuid.uuid4().hex, counts, list(self._seen.values())))
                self._counts, self._seen = {}, {}
            return list(self._undelivered)

    local_batches = batches

    def confirm(self, batch: Batch) -> None:
        with self._lock:
            self._undelivered = [waiting for waiting in self._undelivered if waiting.id != batch.id]
