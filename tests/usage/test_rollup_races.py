"""Roll-ups beside each other, beside flushers, and killed: the sums are what they were."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection

from apps.usage import rollup, service
from apps.usage.models import KeyUsage
from apps.usage.rollup import age
from apps.usage.rows import Cell
from tests.usage.counts import batch, count, given, random_count, stored

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parent.parent.parent
NOW = datetime(2026, 11, 20, 10, 20, tzinfo=UTC)

CHILD = """
import datetime, django, sys, time
django.setup()
from apps.usage import rollup, statements
rollup.AT_ONCE = 5
moment, step = sys.argv[1:]

def stop_after(module, name):
    do = getattr(module, name)
    def do_and_stop(*args):
        done = do(*args)
        print("here", flush=True)
        time.sleep(60)
        return done
    setattr(module, name, do_and_stop)

stop_after(*{"taken": (rollup, "_sums"), "added": (statements, "add"), "removed": (statements, "remove")}[step])
sum(rollup.age(datetime.datetime.fromisoformat(moment)))
"""


@pytest.mark.parametrize("seed", range(2))
def test_workers_beside_flushers_of_late_counts(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup, "AT_ONCE", 20)
    chance = random.Random(seed)
    there = batch(random_count(chance, 10, 24 * 50, NOW) for _ in range(800))
    late = [batch(random_count(chance, 10, 24 * 50, NOW) for _ in range(60)) for _ in range(30)]
    service.store(there)
    start = Barrier(4)

    def work(number: int) -> int:
        start.wait()
        try:
            return sum(age(NOW)) if number < 2 else sum(map(service.store, late[number - 2 :: 2]))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(work, range(4)))
    assert done[2:] == [15, 15]
    assert stored() == given([there, *late])
    sum(age(NOW))
    assert stored() == given([there, *late])
    assert {row.hour.hour for row in KeyUsage.objects.filter(hour__lt=rollup._midnight(NOW - rollup.HOURS_KEPT))} == {0}


def test_late_counts_wait_for_the_roll_up_of_their_hour_and_hold_nothing_that_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    day = datetime(2026, 9, 1, tzinfo=UTC)
    there = batch(count("key_a", day + timedelta(hours=hour)) for hour in (0, 5))
    late = batch(count("key_a", day + timedelta(hours=hour)) for hour in (0, 5))
    service.store(there)
    has_taken, sums = Event(), rollup._sums

    def take_and_linger(*args: Any) -> dict[Cell, int]:
        has_taken.set()
        time.sleep(0.5)  # the flusher has come as far as it can
        return sums(*args)

    monkeypatch.setattr(rollup, "_sums", take_and_linger)

    def work(what: Callable[[], int]) -> int:
        try:
            return what()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        rolled_up = threads.submit(work, lambda: sum(age(NOW)))
        assert has_taken.wait(10)
        arrived = threads.submit(work, lambda: service.store(late))
        assert (rolled_up.result(), arrived.result()) in ((1, True), (2, True))
    assert stored() == given([there, late])


@pytest.mark.parametrize("step", ["taken", "added", "removed"])
def test_roll_up_that_is_killed_on_its_way_has_moved_nothing(step: str) -> None:
    chance = random.Random(3)
    counted = batch(random_count(chance, 10, 24 * 50, NOW) for _ in range(300))
    service.store(counted)
    before = set(KeyUsage.objects.values_list("pk", "hour", "count"))
    connection.close()
    with _roll_up(step) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "here\n"
        child.send_signal(signal.SIGKILL)
    assert set(KeyUsage.objects.values_list("pk", "hour", "count")) == before
    assert sum(age(NOW)) > 0
    assert stored() == given([counted])


def _roll_up(step: str) -> subprocess.Popen[str]:
    """A process of its own on the database of this test, that stops within the first transaction."""
    name = str(connection.settings_dict["NAME"])
    url = f"sqlite:///{name}" if connection.vendor == "sqlite" else _postgresql(name)
    environ = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "boltkeys.settings"}
    command = [sys.executable, "-c", CHILD, NOW.isoformat(), step]
    return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)


def _postgresql(name: str) -> str:
    return os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{name}"
