"""What stands in memory and in Redis, for tests that look there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from apps.core.verify import Ask, Found
from apps.gate import gate, names
from apps.gate.shared import SharedGate

LEADS = Ask(resource="leads", ip="192.0.2.7", user_agent="tests/1")


def stored(client: redis.Redis, digest: bytes) -> bytes:
    value = client.get(names.record(digest))
    return value if isinstance(value, bytes) else b""


def shared_gate() -> SharedGate:
    current = gate.current()
    assert isinstance(current, SharedGate)
    return current


def warm(shared: SharedGate, digest: bytes) -> Found:
    for _ in range(2):
        found = shared.find(digest, LEADS, 0)
    assert found is not None
    assert found.version
    return found


@contextmanager
def heard(client: redis.Redis) -> Iterator[list[str]]:
    """The commands that come in while the block runs: on this database of Redis, for servers of other tests use theirs,
    and without those that scripts give."""
    commands: list[str] = []
    monitor = client.monitor()  # type: ignore[no-untyped-call]
    with monitor:
        client.echo("begin")
        while monitor.next_command()["command"] != "ECHO begin":
            pass
        yield commands
        client.echo("end")
        while (told := monitor.next_command())["command"] != "ECHO end":
            if told["db"] == client.connection_pool.connection_kwargs["db"] and told["client_type"] != "lua":
                commands.append(told["command"])
