"""Counts on their way to the database."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from apps.core.secret import redact

AGENT_MAX = 200
HOUR = 3600

ENDED = ("revoked", "deleted", "expired")
"""Outcomes that say: somebody tried a key after its end."""

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Count:
    """`count` requests of a key in the hour that began at `hour` (seconds since 1970, UTC)."""

    key_id: str
    hour: int
    resource: str
    outcome: str
    count: int


@dataclass(frozen=True, slots=True)
class Seen:
    """The last time (seconds since 1970) that a key was accepted, or refused after its end."""

    key_id: str
    at: float
    ip: str
    agent: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """`id` is the same each time the batch is delivered, so that it counts once."""

    id: str
    counts: list[Count] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many counts wait for the database: `local` in this process, `shared` in Redis, and beside these `batches`.

    One count is of a key, an hour, a resource and an outcome, however many requests it stands for. None: there is no
    Redis, or it does not answer, which `is_redis_up` tells apart.
    """

    local: int
    shared: int | None = None
    batches: int | None = None
    is_redis_up: bool | None = None


def printable(agent: str) -> str:
    """A user agent as it may be kept: printable ASCII, at most 200 characters, no secret."""
    agent = agent[:AGENT_MAX]
    if not agent.isascii() or not agent.isprintable():
        agent = _UNPRINTABLE.sub("?", agent)
    return redact(agent) if "_live_" in agent or "_test_" in agent else agent
