"""Tier 1: what this process remembers. A hint, never an authority."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from apps.core.verify import Found

KNOWN_MAX = 50_000
UNKNOWN_MAX = 10_000
UNKNOWN_SECONDS = 5.0


class Memory:
    """Two bounded maps: made-up keys have a place of their own, where they can push out no live key."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[bytes, Found] = {}
        self._unknown: dict[bytes, float] = {}
        self._lock = Lock()

    def get(self, digest: bytes) -> Found | None:
        return self._known.get(digest)

    def put(self, digest: bytes, found: Found) -> None:
        with self._lock:
            if len(self._known) >= KNOWN_MAX and digest not in self._known:
                del self._known[next(iter(self._known))]
            self._known[digest] = found

    def drop(self, digest: bytes) -> None:
        with self._lock:
            self._known.pop(digest, None)

    def is_unknown(self, digest: bytes) -> bool:
        return self._unknown.get(digest, 0.0) > self._clock()

    def put_unknown(self, digest: bytes) -> None:
        with self._lock:
            if len(self._unknown) >= UNKNOWN_MAX:
                del self._unknown[next(iter(self._unknown))]
            self._unknown[digest] = self._clock() + UNKNOWN_SECONDS
