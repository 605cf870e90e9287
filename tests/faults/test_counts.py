"""Every accepted request is counted, and counted once, whoever is killed and when."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

from tests.faults import counting, judge, report, sizes
from tests.faults.changes import Changes
from tests.faults.load import calling
from tests.faults.site import Site

ROUNDS = sizes.size(1, 6)
"""How often each of the four is killed."""

AT_REST = 1.5
"""Seconds until nothing waits in the memory of a web process any more: only there it does not survive a kill."""


def _kill_a_web_process(site: Site) -> None:
    web = site.webs[-1]
    web.process.kill()
    web.start()


def _kill_the_worker(site: Site) -> None:
    site.worker.kill()
    site.worker.start()


def _kill_redis(site: Site) -> None:
    assert site.redis_server is not None
    site.redis_server.restart(signal.SIGKILL)


def _kill_the_database(site: Site) -> None:
    """For longer than the worker waits for it: a flush that has begun cannot end."""
    assert site.database_server is not None
    site.database_server.process.kill()
    time.sleep(3.2)
    site.database_server.restart()


KILLS: tuple[Callable[[Site], None], ...] = (_kill_redis, _kill_the_worker, _kill_the_database, _kill_a_web_process)


def test_accepted_requests_are_counted_once_whoever_is_killed(
    site: Site, operator: Changes, project: str, tmp_path: Path
) -> None:
    keys, chance, faults = operator.keys(8, project=project), random.Random(), []
    with calling(
        tmp_path, site.ports, keys, processes=1, threads=sizes.size(6, 24), pause=sizes.size(0.02, 0.05)
    ) as callers:
        for kill in (*KILLS,) * ROUNDS:
            time.sleep(AT_REST + chance.random())
            began = time.monotonic_ns()
            kill(site)
            if kill is _kill_redis:
                faults.append((began, began + judge.SECOND // 5))
        time.sleep(0.5)
    site.start()
    known = counting.bounds(callers.calls, faults)
    counted = counting.settled(operator, keys, known)
    assert sum(known.accepted.values()) > 100
    assert known.wrong(counted) == {}
    judge.assert_answers(callers.calls, {0, 200, 204, 503})
    report.note(
        "counts while all are killed",
        kills=len(KILLS) * ROUNDS,
        accepted=sum(known.accepted.values()),
        counted=sum(counted.values()),
        in_doubt=sum(known.doubtful.values()),
    )


def test_refused_requests_are_counted_as_well(site: Site, operator: Changes, project: str) -> None:
    ((key, presented),) = operator.keys(1, project=project, rate_limit=5).items()
    web = cycle(site.webs)
    answers = [next(web).server.call("/v1/verify", key=presented, method="POST").status for _ in range(9)]
    assert (answers.count(200), answers.count(429)) == (5, 4)
    until = time.monotonic() + counting.ARRIVES
    while (said := operator.make("outcomes", key=key).result) != {"ok": 5, "rate_limited": 4}:
        assert time.monotonic() < until, said
        time.sleep(0.1)


def test_repeated_flush_changes_nothing(site: Site, operator: Changes, project: str) -> None:
    """A flusher that ended between storing a batch and taking it out of Redis leaves it to the next one."""
    keys = operator.keys(3, project=project)
    site.worker.kill()
    for presented in keys.values():
        for web in site.webs:
            web.server.call("/v1/verify", key=presented, method="POST")
    _store_without_confirming(operator)
    before = operator.make("rows").result
    assert operator.make("store_without_confirming").result == 0
    assert operator.make("settle").result == 0
    site.worker.start()
    counted = counting.settled(operator, keys, counting.Bounds(dict.fromkeys(keys, len(site.webs)), {}))
    assert operator.make("rows").result == before
    assert set(counted.values()) == {len(site.webs)}


def _store_without_confirming(operator: Changes) -> None:
    """Twice, if its connection to Redis has died with the Redis of another test."""
    assert any(operator.make("store_without_confirming").result for _ in range(2))
