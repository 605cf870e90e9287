"""Not one request more than the limit, and not one less, however many ask at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults import ask, judge, report, sizes
from tests.faults.changes import Changes
from tests.faults.load import Call, calling
from tests.faults.site import Site

WINDOW = 60
LIMIT = 60


def test_exactly_the_limit_is_accepted_of_many_at_once(
    site: Site, operator: Changes, project: str, tmp_path: Path
) -> None:
    runs = late = 0
    while runs < sizes.size(1, 20):
        keys, before = operator.keys(1, project=project, rate_limit=LIMIT), _late_answers(site)
        requests = sizes.size(400, 1000)
        with calling(tmp_path, site.ports, keys, processes=4, threads=16, requests=requests) as callers:
            callers.wait()
        if _late_answers(site) > before:
            late += 1
            assert late < 10, "Redis does not answer in time: the machine is too busy to say anything."
            continue
        runs += 1
        calls = callers.calls
        assert len(calls) == requests
        judge.assert_answers(calls, {200, 204, 429})
        assert calls[-1].ended - calls[0].began < WINDOW * judge.SECOND
        assert sum(call.accepted for call in calls) == LIMIT
        _assert_honest(calls)
        report.note("limit", requests=len(calls), connections=64, accepted=LIMIT)


def _late_answers(site: Site) -> int:
    """How often a web process has waited for Redis in vain. It counts by itself for a while then: nothing is exact."""
    return site.log().count("Redis does not answer")


def _assert_honest(calls: list[Call]) -> None:
    """Retry-After of each refusal says when the first accepted request leaves the window, in whole seconds; those of
    one second leave together, with the last of them."""
    first = min((call for call in calls if call.accepted), key=lambda call: call.ended)
    for call in calls:
        if call.status == 429:
            earliest = (first.began - call.ended) / judge.SECOND + WINDOW
            latest = (first.ended - call.began) / judge.SECOND + WINDOW
            assert earliest - 0.1 <= float(call.retry_after) <= latest + 2.1, (call, earliest, latest)


def test_changed_limit_holds_at_once(site: Site, operator: Changes, project: str) -> None:
    ((key, secret),) = operator.keys(1, project=project, rate_limit=10).items()
    assert _accepted(site, secret, 30) == 10
    for limit, more in ((25, 15), (5, 0), (26, 1)):
        operator.make("limit", key=key, to=limit)
        assert _accepted(site, secret, 30) == more


def _accepted(site: Site, secret: str, requests: int) -> int:
    """Of so many, by all web processes in turn."""
    answers = [answer for _ in range(requests // len(site.webs)) for answer in ask.verify(site, secret)]
    return sum(answer.status == 200 for answer in answers)


@pytest.mark.skipif(not sizes.WHOLE, reason="The window is a minute: `make test-faults` takes the time.")
def test_no_window_of_a_minute_has_more_than_the_limit(
    site: Site, operator: Changes, project: str, tmp_path: Path
) -> None:
    """20 keys at once, each asked for without a pause over three windows."""
    keys = operator.keys(20, project=project, rate_limit=LIMIT)
    with calling(tmp_path, site.ports, keys, processes=sizes.PROCESSES, threads=sizes.THREADS, pause=0.02) as callers:
        time.sleep(3 * WINDOW + 5)
    judge.assert_answers(callers.calls, {200, 204, 429})
    most = []
    for key in keys:
        accepted = [call for call in callers.calls if call.key == key and call.accepted]
        most.append(max(_in_window(accepted, index) for index in range(len(accepted))))
        assert len(accepted) >= 3 * LIMIT, "Less than the limit allows."
    report.note("rolling window", keys=len(keys), requests=len(callers.calls), most_in_any_minute=max(most))
    assert max(most) <= LIMIT


def _in_window(accepted: list[Call], index: int) -> int:
    """How many were certainly accepted within a minute, from this one on: they began and ended in it."""
    end = accepted[index].began + WINDOW * judge.SECOND
    return sum(call.ended < end for call in accepted[index:])


@pytest.mark.skipif(not sizes.WHOLE, reason="The window is a minute: `make test-faults` takes the time.")
def test_waiting_as_long_as_retry_after_says_works(site: Site, operator: Changes, project: str) -> None:
    ((_, secret),) = operator.keys(1, project=project, rate_limit=5).items()
    assert _accepted(site, secret, 12) == 5
    refusal = ask.verify(site, secret)[0]
    time.sleep(float(ask.header(refusal, "Retry-After")))
    assert ask.verify(site, secret)[0].status == 200
