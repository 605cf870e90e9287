"""While Redis is away keys are verified in the database: every answer is right, and soon all is as it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from apps.core import secret
from tests.faults import ask, counting, judge, report, sizes
from tests.faults.changes import Changes
from tests.faults.load import GATE, VERIFY, Call, calling
from tests.faults.proxy import Proxy
from tests.faults.site import Site

OUTAGE = sizes.size(2.5, 30.0)
RECOVERY = 2.0
"""Seconds after which Redis is what decides again."""

LIMIT = 4
FAULTS: dict[str, Callable[[Proxy], None]] = {
    "refuses": lambda network: network.refuse(),
    "hangs": lambda network: network.hang(),
}


@pytest.mark.parametrize("how", FAULTS)
def test_every_answer_is_right_while_redis(
    how: str, site: Site, operator: Changes, project: str, tmp_path: Path
) -> None:
    good = operator.keys(6, project=project)
    ended = operator.keys(3, project=project)
    other = operator.keys(3, project=project, scopes=["calls:read"])
    unknown = {f"unknown{number}": secret.mint("sk_live_") for number in range(3)}
    limited, limited_after = operator.keys(2, project=project, rate_limit=LIMIT).values()
    for key in ended:
        operator.make("revoke", key=key)
    with calling(
        tmp_path,
        site.ports,
        good | ended | other | unknown,
        processes=sizes.PROCESSES,
        threads=sizes.size(2, 8),
        routes=(GATE, GATE, VERIFY),
        pause=0.05,
    ) as callers:
        time.sleep(0.7)
        away = time.monotonic_ns()
        FAULTS[how](_network(site))
        time.sleep(OUTAGE / 2)
        meanwhile = _verify_until_refused(site, limited)
        time.sleep(OUTAGE / 2)
        back = time.monotonic_ns()
        _network(site).heal()
        time.sleep(RECOVERY)
        after = _verify_until_refused(site, limited_after)
        time.sleep(0.3)
    _assert_right(callers.calls, good, ended, other, unknown)
    assert set(meanwhile) == {LIMIT}, "The limit holds in each process."
    assert sum(after) == LIMIT, "The limit holds over all processes again."
    known = counting.bounds(callers.calls, [counting.around(away, 0.2), counting.around(back, 0.2)])
    counted = counting.settled(operator, good, known)
    assert known.wrong(counted) == {}
    during = [call.seconds for call in callers.calls if call.began > away and call.ended < back]
    before = [call.seconds for call in callers.calls if call.ended < away]
    report.note(
        f"Redis {how} for {OUTAGE:g} s",
        requests=len(callers.calls),
        wrong=0,
        p99=report.milliseconds(during, 99),
        p50=report.milliseconds(during, 50),
        worst=report.milliseconds(during, 100),
        p99_before=report.milliseconds(before, 99),
        in_doubt=sum(known.doubtful.values()),
        counted_more=sum(counted.values()) - sum(known.accepted[key] for key in good),
    )
    if sizes.WHOLE:
        assert report.percentile(during, 99) <= 0.25


def test_process_that_starts_while_redis_is_away_answers(site: Site, operator: Changes, project: str) -> None:
    (good,) = operator.keys(1, project=project).values()
    _network(site).hang()
    try:
        site.webs[-1].process.kill()
        site.webs[-1].start()
        answers = [site.webs[-1].server.call("/v1/verify", key=good, method="POST").status for _ in range(5)]
    finally:
        _network(site).heal()
    assert set(answers) == {200}
    time.sleep(RECOVERY)
    assert {answer.status for answer in ask.verify(site, good)} == {200}


def _assert_right(
    calls: Iterable[Call],
    good: Iterable[str],
    ended: Iterable[str],
    other: Iterable[str],
    unknown: Iterable[str],
) -> None:
    """No answer but the one there is for each of them, wherever it was asked."""
    right = {
        **{key: {(200, ""), (204, "")} for key in good},
        **{key: {(401, "revoked")} for key in ended},
        **{key: {(200, ""), (403, "missing_scope")} for key in other},
        **{key: {(401, "unknown")} for key in unknown},
    }
    wrong = [call for call in calls if (call.status, call.code if call.status != 200 else "") not in right[call.key]]
    wrong += [call for call in calls if call.accepted and call.answered != call.key]
    assert wrong == []
    judge.assert_answers(calls, {200, 204, 401, 403})


def _verify_until_refused(site: Site, presented: str) -> list[int]:
    """How many requests each web process accepts before it refuses one."""
    accepted = []
    for web in site.webs:
        number = 0
        while number <= LIMIT and web.server.call("/v1/verify", key=presented, method="POST").status == 200:
            number += 1
        accepted.append(number)
    return accepted


def _network(site: Site) -> Proxy:
    assert site.redis is not None
    return site.redis
