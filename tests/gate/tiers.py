"""What stands in memory and in Redis, for tests that look there."""

from __future__ import annotations

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
