"""No answer ever reaches another caller, whatever happens to the connections on which it comes."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults import judge, report, sizes
from tests.faults.changes import Changes
from tests.faults.load import GATE, VERIFY, Call, calling
from tests.faults.site import Site

THREADS = 32
KEYS = 200


def test_every_answer_belongs_to_its_key(site: Site, operator: Changes, project: str, tmp_path: Path) -> None:
    made = operator.make("different_keys", number=KEYS, project=project).result
    keys = {key: secret for key, (secret, _) in made.items()}
    scopes = {key: set(granted) for key, (_, granted) in made.items()}
    processes = sizes.PROCESSES
    with (
        _bad_network(site),
        calling(
            tmp_path, site.ports, keys, processes=processes, threads=THREADS // processes, routes=(VERIFY, GATE)
        ) as callers,
    ):
        time.sleep(sizes.size(4, 60))
    judge.assert_answers(callers.calls, {200, 204, 403})
    mixed = [call for call in callers.calls if _said(call) != _right(call, scopes[call.key])]
    assert mixed == []
    assert len({call.key for call in callers.calls}) > 0.9 * KEYS
    slow = report.milliseconds([call.seconds for call in callers.calls], 99)
    report.note("mix-ups", keys=KEYS, threads=THREADS, requests=len(callers.calls), mixed=0, p99=slow)


def _said(call: Call) -> tuple[int, str, set[str]]:
    return call.status, call.answered, set(call.scopes.split())


def _right(call: Call, scopes: set[str]) -> tuple[int, str, set[str]]:
    """Every second key may not read leads, so that one caller's yes would be another's no."""
    if call.path == GATE[1] and "leads:read" not in scopes:
        return 403, "", set()
    return 204 if call.path == GATE[1] else 200, call.key, scopes


@contextmanager
def _bad_network(site: Site) -> Iterator[None]:
    """Connections to Redis break in the middle of answers, and answers come after nobody waits for them any more."""
    assert site.redis is not None and site.redis_server is not None
    network, server, ended, chance = site.redis, site.redis_server, threading.Event(), random.Random(1)

    def trouble() -> None:
        while not ended.wait(chance.uniform(0.02, 0.2)):
            what = chance.choice(("cut", "cut", "late", "stop", "forget"))
            if what == "cut":
                network.cut()
            elif what == "late":
                network.delay(chance.uniform(0.05, 0.15))
                time.sleep(0.1)
                network.delay(0)
            elif what == "forget":
                server.flush()  # so that records are read, too
            else:
                server.process.pause()
                time.sleep(chance.uniform(0.05, 0.25))
                server.process.resume()

    thread = threading.Thread(target=trouble)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        network.heal()
        server.process.resume()
