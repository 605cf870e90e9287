"""No request that starts after the answer to a change is accepted, by any process, under load."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults import report, sizes
from tests.faults.changes import Changes, Done
from tests.faults.load import Call, calling
from tests.faults.site import Site

REVOKES = sizes.size(20, 200)
APART = sizes.size(0.12, 0.1)


def accepted_after(calls: list[Call], ends: dict[str, Done]) -> list[Call]:
    """What was accepted although it began after the answer."""
    return [call for call in calls if call.accepted and call.key in ends and call.began > ends[call.key].ended]


def was_in_use(calls: list[Call], ends: dict[str, Done]) -> None:
    """Else the test would say nothing: most keys were accepted until shortly before their end, and tried after it."""
    before = {call.key for call in calls if call.accepted and call.key in ends and call.began < ends[call.key].ended}
    after = {call.key for call in calls if call.key in ends and call.began > ends[call.key].ended}
    assert len(before) > 0.8 * len(ends) and len(after) > 0.8 * len(ends), (len(before), len(after), len(ends))


@pytest.mark.parametrize(("what", "code"), [("revoke", "revoked"), ("delete", "deleted"), ("expire", "expired")])
def test_ended_key_is_refused_from_the_answer_on(
    what: str, code: str, site: Site, operator: Changes, project: str, tmp_path: Path
) -> None:
    keys = operator.keys(REVOKES + 1, project=project)
    ends = {}
    with calling(tmp_path, site.ports, keys, processes=sizes.PROCESSES, threads=sizes.THREADS) as callers:
        for index, key in enumerate(list(keys)[:REVOKES]):
            callers.crowd_around(index)
            time.sleep(APART)
            ends[key] = operator.make(what, key=key)
        time.sleep(APART)
    was_in_use(callers.calls, ends)
    assert accepted_after(callers.calls, ends) == []
    assert {call.status for call in callers.calls} <= {200, 204, 401}
    assert {call.code for call in callers.calls if call.status == 401} == {code}
    times = [done.seconds for done in ends.values()]
    report.note(
        f"{what} under load",
        keys=len(ends),
        requests=len(callers.calls),
        accepted_after=0,
        p50=report.milliseconds(times, 50),
        p99=report.milliseconds(times, 99),
    )
