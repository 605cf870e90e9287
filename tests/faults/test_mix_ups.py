"""No answer ever reaches another caller, whatever happens to the connections on which it comes."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults import judge, report, sizes
from tests.faults.changes import Changes
from tests.faults.load import GATE, VERIFY, Call, calling
from tests.faults.site import Site

THREADS = 32
KEYS = 200


def _cut(site: Site, chance: random.Random) -> None:
    """Connections break in the middle of answers."""
    assert site.redis is not None
    site.redis.cut()
    time.sleep(chance.uniform(0.02, 0.2))


def _answer_late(site: Site, chance: random.Random) -> None:
    """Answers come when nobody waits for them any more, on connections that are sound; and then all is well for long
    enough that these are used again."""
    assert site.redis is not None and site.redis_server is not None
    if chance.random() < 0.5:
        site.redis.delay(0.15)
        time.sleep(0.1)
        site.redis.delay(0)
    else:
        site.redis_server.process.pause()
        time.sleep(0.25)
        site.redis_server.process.resume()
    time.sleep(0.05)
    site.redis_server.flush()  # so that records are read, too
    time.sleep(chance.uniform(0.6, 0.8))


TROUBLES = {"connections break": _cut, "answers come late": _answer_late}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_every_answer_belongs_to_its_key_while(
    trouble: str, site: Site, operator: Changes, project: str, tmp_path: Path
) -> None:
    made = operator.make("different_keys", number=KEYS, project=project).result
    keys = {key: secret for key, (secret, _) in made.items()}
    scopes = {key: set(granted) for key, (_, granted) in made.items()}
    processes = sizes.PROCESSES
    with (
        _repeating(TROUBLES[trouble], site),
        calling(
            tmp_path, site.ports, keys, processes=processes, threads=THREADS // processes, routes=(VERIFY, GATE)
        ) as callers,
    ):
        time.sleep(sizes.size(4, 60))
    judge.assert_answers(callers.calls, {200, 204, 403})
    mixed = [call for call in callers.calls if _said(call) != _right(call, scopes[call.key])]
    assert mixed == []
    assert len({call.key for call in callers.calls}) > KEYS / 2
    slow = report.milliseconds([call.seconds for call in callers.calls], 99)
    report.note(f"mix-ups while {trouble}", keys=KEYS, threads=THREADS, requests=len(callers.calls), mixed=0, p99=slow)


def _said(call: Call) -> tuple[int, str, set[str]]:
    return call.status, call.answered, set(call.scopes.split())


def _right(call: Call, scopes: set[str]) -> tuple[int, str, set[str]]:
    """Every second key may not read leads, so that one caller's yes would be another's no."""
    if call.path == GATE[1] and "leads:read" not in scopes:
        return 403, "", set()
    return 204 if call.path == GATE[1] else 200, call.key, scopes


@contextmanager
def _repeating(trouble: Callable[[Site, random.Random], None], site: Site) -> Iterator[None]:
    ended, chance = threading.Event(), random.Random(1)

    def repeat() -> None:
        while not ended.is_set():
            trouble(site, chance)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
