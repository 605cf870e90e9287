"""One process with SQLite and without Redis keeps its promises as well, but for the last second when it is killed."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import ask, counting, judge, report, sizes
from tests.faults.changes import Changes
from tests.faults.load import Call, calling
from tests.faults.site import Site

ACCEPTED = 60
LOST = 1.0 + 1.0
"""Seconds before a kill whose counts may be lost: one between two flushes, and one that a flush may take here."""


def _terminate(site: Site) -> None:
    site.webs[0].process.stop(signal.SIGTERM)


def _kill(site: Site) -> None:
    site.webs[0].process.kill()


def test_orderly_end_loses_no_count(site: Site, operator: Changes, project: str, tmp_path: Path) -> None:
    keys, calls, _ = _call_until(_terminate, site, operator, project, tmp_path)
    known = counting.bounds(calls)
    counted = counting.settled(operator, keys, known)
    assert known.wrong(counted) == {}
    report.note("embedded, SIGTERM", accepted=sum(known.accepted.values()), counted=sum(counted.values()))


def test_kill_loses_at_most_a_second_of_counts(site: Site, operator: Changes, project: str, tmp_path: Path) -> None:
    keys, calls, killed = _call_until(_kill, site, operator, project, tmp_path)
    long_before = [call for call in calls if call.ended < killed - LOST * judge.SECOND]
    sure, most = counting.bounds(long_before), counting.bounds(calls)
    counted = counting.settled(operator, keys, sure)
    for key, count in counted.items():
        assert sure.accepted.get(key, 0) <= count <= most.accepted.get(key, 0) + most.doubtful.get(key, 0)
    lost = sum(most.accepted.values()) - sum(counted.values())
    report.note("embedded, kill -9", accepted=sum(most.accepted.values()), lost=lost)


@pytest.mark.parametrize("end", [_terminate, _kill], ids=["orderly", "kill"])
def test_end_revives_no_key(end: Callable[[Site], None], site: Site, operator: Changes, project: str) -> None:
    ((key, presented),) = operator.keys(1, project=project).items()
    assert ask.accepted(site, presented)
    operator.make("revoke", key=key)
    end(site)
    site.webs[0].start()
    assert {answer.json()["code"] for answer in ask.verify(site, presented)} == {"revoked"}


def test_repeated_flush_changes_nothing(site: Site, operator: Changes, project: str) -> None:
    keys = operator.keys(2, project=project)
    for presented in keys.values():
        assert ask.accepted(site, presented)
    known = counting.Bounds(dict.fromkeys(keys, 1), {})
    assert known.wrong(counting.settled(operator, keys, known)) == {}
    before = operator.make("rows").result
    operator.make("settle")
    _terminate(site)
    site.webs[0].start()
    assert operator.make("rows").result == before


def _call_until(
    end: Callable[[Site], None], site: Site, operator: Changes, project: str, folder: Path
) -> tuple[dict[str, str], list[Call], int]:
    """Keys, calls and the moment of the end, in the middle of the calls; the process runs again afterwards."""
    keys = operator.keys(4, project=project)
    with calling(folder, site.ports, keys, processes=1, threads=sizes.size(4, 8), pause=0.01) as callers:
        time.sleep(sizes.size(3.3, 10.7))
        ended = time.monotonic_ns()
        end(site)
        time.sleep(0.2)
    site.webs[0].start()
    assert sum(call.accepted for call in callers.calls) > ACCEPTED
    judge.assert_answers(callers.calls, {0, 200, 204})
    return keys, callers.calls, ended
