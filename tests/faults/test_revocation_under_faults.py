"""The same promise while processes stop and Redis, or the way to it, fails."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.faults import ask, changes, judge, report, sizes
from tests.faults.changes import Changes, Done
from tests.faults.load import Callers, calling
from tests.faults.proxy import Proxy
from tests.faults.site import Site
from tests.faults.stores import RedisServer

WITHIN = 5.0
"""Seconds after which a change that could not be announced in Redis holds everywhere."""


@dataclass
class Fault:
    """`cause` is repeated every `period` seconds. Status 0 is a connection that broke."""

    cause: Callable[[Site], None]
    period: float
    statuses: frozenset[int] = frozenset({200, 204, 401})


def _stop_a_web_process(site: Site) -> None:
    site.webs[0].process.pause()
    time.sleep(0.3)
    site.webs[0].process.resume()


def _kill_a_web_process(site: Site) -> None:
    site.webs[-1].process.kill()
    site.webs[-1].start()


def _stop_redis(site: Site) -> None:
    _redis(site).process.pause()
    time.sleep(0.25)
    _redis(site).process.resume()


def _restart_redis(site: Site) -> None:
    _redis(site).restart()


def _kill_redis(site: Site) -> None:
    _redis(site).restart(signal.SIGKILL)


def _flush_redis(site: Site) -> None:
    _redis(site).flush()


def _cut_connections(site: Site) -> None:
    _network(site).cut()


FAULTS = {
    "a web process stops and goes on": Fault(_stop_a_web_process, 0.2),
    "a web process is killed and starts": Fault(_kill_a_web_process, 0.5, statuses=frozenset({0, 200, 204, 401})),
    "Redis stops and goes on": Fault(_stop_redis, 0.3),
    "Redis is restarted": Fault(_restart_redis, 0.5),
    "Redis is killed and starts": Fault(_kill_redis, 0.5),
    "Redis is flushed": Fault(_flush_redis, 0.05),
    "connections are cut": Fault(_cut_connections, 0.1),
}


@pytest.mark.parametrize("name", FAULTS)
def test_revoked_key_is_refused_from_the_answer_on_while(
    name: str, site: Site, operator: Changes, project: str, tmp_path: Path
) -> None:
    fault = FAULTS[name]
    keys = operator.keys(sizes.size(10, 200), project=project)
    ends: dict[str, Done] = {}
    with (
        calling(
            tmp_path, site.ports, keys, processes=sizes.PROCESSES, threads=sizes.THREADS, pause=sizes.PAUSE
        ) as callers,
        _repeating(fault, site),
    ):
        _end_all(keys, ends, operator, callers)
    sure = {key: done for key, done in ends.items() if not done.later}
    late = judge.accepted_after(callers.calls, ends)
    assert judge.accepted_after(callers.calls, sure) == []
    assert judge.accepted_after(callers.calls, ends, WITHIN) == []
    assert len(sure) > 0.3 * len(ends), "Most answers promise nothing."
    judge.assert_answers(callers.calls, set(fault.statuses))
    judge.assert_in_use(callers.calls, ends)
    times = [done.seconds for done in ends.values()]
    report.note(
        f"revoke while {name}",
        revokes=len(ends),
        of_these_announced_later=len(ends) - len(sure),
        requests=len(callers.calls),
        accepted_after=len(late),
        p50=report.milliseconds(times, 50),
        p99=report.milliseconds(times, 99),
    )


def test_revoke_that_could_not_be_announced_holds_within_seconds(site: Site, operator: Changes, project: str) -> None:
    """Whoever revokes cannot reach Redis; everybody else can, and has the key in every cache."""
    keys = operator.keys(3, project=project)
    assert all(answer.status == 200 for secret in keys.values() for answer in ask.verify(site, secret))
    with changes.changing(site, REDIS_URL="redis://127.0.0.1:1/0") as cut_off:
        assert all(cut_off.make("revoke", key=key).later for key in keys), "The answer promises too much."
        took = ask.seconds_until_refused(site, keys.values(), within=WITHIN)
    report.note("revoke without Redis", revokes=len(keys), seconds_until_refused=took)


def test_revoke_while_nobody_reaches_redis_holds_at_once(
    site: Site, operator: Changes, project: str, tmp_path: Path
) -> None:
    """Everybody asks the database meanwhile; and when Redis is back, with the key in it, within seconds again."""
    keys = operator.keys(sizes.size(3, 20), project=project)
    ends: dict[str, Done] = {}
    with calling(tmp_path, site.ports, keys, processes=1, threads=sizes.THREADS, pause=sizes.PAUSE) as callers:
        for index in range(len(keys)):
            callers.until_accepted(index)
        _network(site).refuse()
        time.sleep(0.2)
        for index, key in enumerate(keys):
            ends[key] = callers.see_out(index, partial(operator.make, "revoke", key=key))
        time.sleep(0.3)
        back = time.monotonic_ns()
        _network(site).heal()
        ask.seconds_until_refused(site, keys.values(), within=WITHIN)
    judge.assert_in_use(callers.calls, ends)
    assert all(done.later for done in ends.values()), "The answer promises too much."
    late = judge.accepted_after(callers.calls, ends)
    assert [call for call in late if call.ended < back] == []
    assert [call for call in late if call.began > back + WITHIN * judge.SECOND] == []
    judge.assert_answers(callers.calls, {200, 204, 401})
    report.note("revoke while Redis is away", revokes=len(ends), accepted_after_it_was_back=len(late))


def _end_all(keys: dict[str, str], ends: dict[str, Done], operator: Changes, callers: Callers) -> None:
    for index, key in enumerate(keys):
        callers.crowd_around(index)
        time.sleep(0.12)
        ends[key] = callers.see_out(index, partial(operator.make, "revoke", key=key))
    time.sleep(0.3)


@contextmanager
def _repeating(fault: Fault, site: Site) -> Iterator[None]:
    """Causes the fault again and again; all is well when the block is left."""
    ended, errors = threading.Event(), []

    def repeat() -> None:
        while not ended.wait(fault.period):
            try:
                fault.cause(site)
            except Exception as error:  # noqa: BLE001  (raised in the thread of the test)
                errors.append(error)
                return

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    assert errors == []


def _redis(site: Site) -> RedisServer:
    assert site.redis_server is not None
    return site.redis_server


def _network(site: Site) -> Proxy:
    assert site.redis is not None
    return site.redis
