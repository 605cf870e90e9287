"""Roll-ups beside each other, beside flushers, and killed: the sums are what they were."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection

from apps.usage import rollup, service
from apps.usage.models import KeyUsage
from apps.usage.rollup import age
from tests.usage.counts import batch, given, random_count, stored

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parent.parent.parent
NOW = datetime(2026, 11, 20, 10, 20, tzinfo=UTC)
KILLS = 4

CHILD = """
import datetime, django, sys
django.setup()
from apps.usage import rollup
rollup.AT_ONCE = 5
print("ready", flush=True)
sum(rollup.age(datetime.datetime.fromisoformat(sys.argv[1])))
print("done", flush=True)
"""


@pytest.mark.parametrize("seed", range(2))
def test_workers_beside_flushers_of_late_counts(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup, "AT_ONCE", 20)
    chance = random.Random(seed)
    there = batch(random_count(chance, 10, 24 * 50, NOW) for _ in range(1500))
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


def test_killed_roll_up_loses_and_doubles_nothing() -> None:
    chance = random.Random(3)
    counted = batch(random_count(chance, 10, 24 * 60, NOW) for _ in range(4000))
    service.store(counted)
    connection.close()
    left = KeyUsage.objects.count()
    cut_short = 0
    for kill in range(KILLS):
        with _roll_up() as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            time.sleep(0.08 * (kill + 1))
            child.send_signal(signal.SIGKILL)
            cut_short += "done" not in child.stdout.read()
        assert stored() == given([counted])
        assert KeyUsage.objects.count() <= left
        left = KeyUsage.objects.count()
    assert cut_short >= 1
    sum(age(NOW))
    assert stored() == given([counted])


def _roll_up() -> subprocess.Popen[str]:
    """A process of its own on the database of this test."""
    name = str(connection.settings_dict["NAME"])
    url = f"sqlite:///{name}" if connection.vendor == "sqlite" else _postgresql(name)
    environ = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "boltkeys.settings"}
    command = [sys.executable, "-c", CHILD, NOW.isoformat()]
    return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)


def _postgresql(name: str) -> str:
    return os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{name}"
