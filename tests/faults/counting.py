"""Accepted ≤ counted ≤ accepted + in doubt, for each key."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.faults.changes import Changes
from tests.faults.judge import SECOND
from tests.faults.load import Call

ARRIVES = 8.0
"""Seconds for the last count to be in the database."""


@dataclass(frozen=True)
class Bounds:
    """What the callers know: so many requests of a key were `accepted`; of so many more nobody can tell."""

    accepted: Mapping[str, int]
    doubtful: Mapping[str, int]

    def wrong(self, counted: Mapping[str, int]) -> dict[str, tuple[int, int, int]]:
        """Keys of which more or fewer were counted: ID → accepted, counted, in doubt."""
        figures = {key: (self.accepted.get(key, 0), count, self.doubtful.get(key, 0)) for key, count in counted.items()}
        return {key: each for key, each in figures.items() if not each[0] <= each[1] <= each[0] + each[2]}


def bounds(calls: Iterable[Call], faults: Sequence[tuple[int, int]] = ()) -> Bounds:
    """In doubt is a request that had no answer, or one that says that something is away. And one that was in flight
    while a store failed (`faults`: when each began and had shown): the store may have counted it and not have said so,
    so that it was counted once more elsewhere.
    """
    accepted: Counter[str] = Counter()
    doubtful: Counter[str] = Counter()
    for call in calls:
        accepted[call.key] += call.accepted
        in_flight = any(call.began <= shown and call.ended >= began for began, shown in faults)
        doubtful[call.key] += call.status == 0 or call.status >= 500 or (call.accepted and in_flight)
    return Bounds(accepted, doubtful)


def settled(operator: Changes, keys: Collection[str], known: Bounds) -> dict[str, int]:
    """The counts in the database, once they do not rise any more and all that was accepted is there, or after a while
    if it never is."""
    until, before = time.monotonic() + ARRIVES, None
    while True:
        counted: dict[str, int] = operator.make("counted", keys=list(keys)).result
        complete = all(counted[key] >= known.accepted.get(key, 0) for key in keys)
        if time.monotonic() > until or (complete and counted == before):
            return counted
        before = counted
        time.sleep(1.2)


def around(moment: int, seconds: float = 0.0) -> tuple[int, int]:
    """A fault that began at a moment of the monotonic clock and had shown itself so much later."""
    return moment, moment + round(seconds * SECOND)
