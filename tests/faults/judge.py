"""What the calls of a test say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.faults.changes import Done
from tests.faults.load import Call

SECOND = 1_000_000_000


def accepted_after(calls: Iterable[Call], ends: Mapping[str, Done], seconds: float = 0.0) -> list[Call]:
    """What was accepted although it began after the answer to the change, or so many seconds later."""
    later = round(seconds * SECOND)
    return [call for call in calls if call.accepted and call.key in ends and call.began > ends[call.key].ended + later]


def assert_in_use(calls: Iterable[Call], ends: Mapping[str, Done], share: float = 0.8) -> None:
    """Else a test would say nothing: most keys were accepted before their end, and tried after it."""
    ours = [call for call in calls if call.key in ends]
    before = {call.key for call in ours if call.accepted and call.began < ends[call.key].ended}
    after = {call.key for call in ours if call.began > ends[call.key].ended}
    assert min(len(before), len(after)) >= share * len(ends), (len(before), len(after), len(ends))


def assert_answers(calls: Iterable[Call], statuses: set[int]) -> None:
    """No other status than these; 0 is a connection that broke."""
    strange = {(call.status, call.code) for call in calls if call.status not in statuses}
    assert not strange, strange
