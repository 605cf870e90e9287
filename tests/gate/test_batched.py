"""Many calls at once, in one event loop: what happens to them when Redis stalls, and after."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter

import pytest
import redis

from apps.gate import gate
from apps.gate.batched import BatchedGate
from apps.gate.shared import SharedGate
from apps.projects.models import Project
from tests import make
from tests.commands import ROOT
from tests.gate.tiers import LEADS, heard

pytestmark = pytest.mark.django_db(transaction=True)


async def _verify(batched: BatchedGate, presented: str, times: int) -> Counter[str]:
    verdicts = await asyncio.gather(*[batched.verify(presented, LEADS) for _ in range(times)])
    return Counter(verdict.code for verdict in verdicts)


async def _until_open(batched: BatchedGate, presented: str) -> None:
    until = time.monotonic() + 5
    while not any(pipe.is_open for pipe in batched._pipes.values()):
        assert time.monotonic() < until
        await batched.verify(presented, LEADS)
        await asyncio.sleep(0.02)


def test_calls_share_a_connection_and_each_is_counted(project: Project, client: redis.Redis) -> None:
    made = make.new_key(project, rate_limit=1000)

    async def calls() -> tuple[Counter[str], int]:
        batched = BatchedGate()
        batched.start(asyncio.get_running_loop())
        await _until_open(batched, made.secret)
        with heard(client) as commands:
            found = await _verify(batched, made.secret, 200)
        batched.stop()
        assert {command.split()[0] for command in commands} == {"EVALSHA"}  # nobody has connected
        return found, len(commands)

    assert asyncio.run(calls()) == ({"ok": 200}, 200)


def test_redis_that_stalled_is_asked_again(project: Project, client: redis.Redis) -> None:
    made = make.new_key(project, rate_limit=1000)

    async def calls() -> int:
        batched = BatchedGate()
        batched.start(asyncio.get_running_loop())
        await _until_open(batched, made.secret)
        client.client_pause(600)
        assert await _verify(batched, made.secret, 20) == {"ok": 20}  # by the database
        await asyncio.sleep(1.5)
        await _until_open(batched, made.secret)
        await batched.verify(made.secret, LEADS)  # tries whether it is there again
        with heard(client) as commands:
            assert await _verify(batched, made.secret, 50) == {"ok": 50}
        batched.stop()
        return len(commands)

    assert asyncio.run(calls()) == 50
    shared = gate.current()
    assert isinstance(shared, SharedGate)
    assert not shared._health._retry_at


STOPPED_AT_ONCE = """
import asyncio
import django
django.setup(set_prefix=False)
from django.conf import settings
from apps.gate.batched import BatchedGate
from apps.gate.embedded import EmbeddedGate
from apps.gate.shared import SharedGate

async def stop_at_once():
    shared, batched = SharedGate(settings.REDIS_URL, EmbeddedGate(lambda digest: None)), BatchedGate()
    shared._nodes.of(0)
    batched.start(asyncio.get_running_loop())
    batched._pipe(shared, bytes(32))
    batched.stop()
    print(len(batched._pipes))

asyncio.run(stop_at_once())
"""


def test_process_ends_while_a_connection_is_being_opened() -> None:
    """In one of its own: a thread that waited for the loop, which waits for the thread, would wait for ever."""
    program = [sys.executable, "-c", STOPPED_AT_ONCE]
    ended = subprocess.run(program, cwd=ROOT, timeout=15, check=True, capture_output=True, text=True)
    assert ended.stdout == "1\n"
