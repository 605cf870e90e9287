"""What the gate of this process has done since the process started, as plain numbers for whoever watches it.

Nothing is locked and nothing looked up beyond a dict: a verification pays less than a microsecond for it. CPython lets
no other thread in while it adds to one of these numbers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict

BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds: upper ends of the buckets of `Tally.durations`, whose last bucket has what took longer."""


class Tally:
    """`verdicts` by code (`unavailable`: there was none), `durations` by bucket, `seconds` all of them together.

    `fallbacks`: requests decided without Redis; `failures`: times that Redis has failed a request.
    """

    def __init__(self) -> None:
        self.verdicts: defaultdict[str, int] = defaultdict(int)
        self.durations = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0
        self.fallbacks = self.failures = 0

    def note(self, code: str, seconds: float) -> None:
        self.verdicts[code] += 1
        self.durations[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


TALLY = Tally()
