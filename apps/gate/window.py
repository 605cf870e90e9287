"""The rate limit in one process: at most N requests in any 60 seconds. The twin of `scripts/admit.lua`."""

from __future__ import annotations

import math
from collections import deque
from threading import Lock

from apps.core.verify import Rate

WINDOW = 60.0
IDLE_WINDOWS = 10_000
"""Windows of which more are looked through for those that are empty."""

SWEEP = 1.0
"""Seconds between two such looks."""


class Window:
    """Accepted requests by second, with a running sum: at most 62 entries whatever the limit is.

    An entry leaves the window 60 seconds after the *last* request in it, so that no 60 seconds ever hold more than
    the limit, and waiting as long as the oldest entry has left always works.
    """

    __slots__ = ("entries", "total")

    def __init__(self) -> None:
        self.entries: deque[list[float]] = deque()  # [second, count, time of the last request]
        self.total = 0

    def slide(self, now: float) -> None:
        """When the clock goes back, all counts as made now: the limit holds, and nobody waits longer than 60 s."""
        while self.entries and self.entries[0][2] + WINDOW <= now:
            self.total -= int(self.entries.popleft()[1])
        if self.entries and self.entries[-1][2] > now + 1:
            self.entries = deque([[math.floor(now), self.total, now]])

    def add(self, now: float) -> None:
        second = math.floor(now)
        if self.entries and self.entries[-1][0] >= second:
            newest = self.entries[-1]
            newest[1] += 1
            newest[2] = max(newest[2], now)
        else:
            self.entries.append([second, 1, now])
        self.total += 1

    def copy(self) -> Window:
        copy = Window()
        copy.entries, copy.total = deque(list(entry) for entry in self.entries), self.total
        return copy

    def rate(self, limit: int, now: float) -> Rate:
        return Rate(limit, max(0, limit - self.total), max(0, math.ceil(self._leaves(limit, now) - now)))

    def _leaves(self, limit: int, now: float) -> float:
        """When one request has left, or as many as are too many since the limit was lowered."""
        leaves, gone, needed = now, 0, max(1, self.total - limit + 1)
        for _, number, last in self.entries:
            if gone >= needed:
                break
            leaves, gone = last + WINDOW, gone + int(number)
        return leaves


class Limiter:
    """The windows of all keys used lately. Safe for threads."""

    def __init__(self) -> None:
        self._windows: dict[str, Window] = {}
        self._swept_at = -math.inf
        self._lock = Lock()

    def take(self, key_id: str, limit: int, now: float, *, count: bool) -> tuple[bool, Rate]:
        """Whether one more request fits, and the rate after it. With `count` False nothing is taken."""
        with self._lock:
            window = self._windows.get(key_id) or Window()
            window.slide(now)
            fits = window.total < limit
            if count and fits:
                window.add(now)
                self._keep(key_id, window, now)
            return fits, window.rate(limit, now)

    def carry(self, key_id: str, successor_id: str, now: float) -> None:
        """Lets the window of a key that nobody has used begin as that of another is now."""
        with self._lock:
            if window := self._windows.get(key_id):
                self._keep(successor_id, window.copy(), now)

    def _keep(self, key_id: str, window: Window, now: float) -> None:
        self._windows[key_id] = window
        if len(self._windows) > IDLE_WINDOWS and abs(now - self._swept_at) > SWEEP:
            self._swept_at = now
            for other in self._windows.values():
                other.slide(now)
            self._windows = {key_id: other for key_id, other in self._windows.items() if other.total}
