"""What keys take of memory, and what it takes to bring their counts into the database.

    python -m bench.memory KEYS MADE_UP FOLDER OUT.json

The folder has the header values. Redis must be this run's own: it is emptied.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import django

django.setup()

import redis  # noqa: E402  (needs the settings, as all below)
from django.conf import settings  # noqa: E402

from apps.core import secret  # noqa: E402
from apps.core.verify import Ask  # noqa: E402
from apps.gate import gate  # noqa: E402
from apps.usage import service as usage  # noqa: E402

ASK = Ask(resource="leads", ip="192.0.2.1", user_agent="Mozilla/5.0 (X11; Linux x86_64) bench/1")

FROM_ONE_ADDRESS = 20
"""Times as many keys come from one address, which is soon not looked up any more, as from many."""

TOGETHER = 1000


def main(keys: int, made_up: int, folder: Path, out: Path) -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushall()
    with (folder / "boltkeys").open() as lines:
        secrets = [line.removeprefix("Bearer ").strip() for line in islice(lines, keys)]
    result = {"keys": len(secrets), **_cached(client, secrets), **_used(client, secrets), **_flushed(len(secrets))}
    out.write_text(json.dumps(result | _flooded(client, made_up)))


def _cached(client: Any, secrets: list[str]) -> dict[str, float]:
    """Bytes of Redis for a key that is remembered and not used, by all that Redis has allocated."""
    empty = _redis_bytes(client)
    current = gate.current()
    for each in secrets:
        current.find(secret.digest(each), ASK, 1)
    return {"idle_bytes": round((_redis_bytes(client) - empty) / len(secrets), 1)}


def _used(client: Any, secrets: list[str]) -> dict[str, float]:
    """The same for a key with one request in its window, whose count waits to be brought to the database."""
    idle = _redis_bytes(client)
    for each in secrets:
        if not gate.verify(each, ASK):
            sys.exit("A key of the bench was refused.")
    return {"window_and_counts_bytes": round((_redis_bytes(client) - idle) / len(secrets), 1)}


def _flushed(keys: int) -> dict[str, float]:
    """Microseconds, for each key that was used, to bring counts and last use into the database."""
    began = time.perf_counter()
    usage.settle()
    return {"flush_us": round((time.perf_counter() - began) / keys * 1e6, 1)}


def _flooded(client: Any, count: int) -> dict[str, Any]:
    """What made-up keys, each another one, leave in Redis and in this process, in bytes; and how long one takes."""
    gate.verify(secret.mint("sk_live_"), ASK)
    return {
        "made_up": _flood(client, count, lambda number: ASK._replace(ip=f"198.51.{number // 1000 % 256}.1")),
        "made_up_here": _flood(client, FROM_ONE_ADDRESS * count, lambda _: ASK),
    }


def _flood(client: Any, count: int, ask: Callable[[int], Ask]) -> dict[str, float]:
    before, seconds = (_redis_bytes(client), _process_bytes()), 0.0
    for start in range(0, count, TOGETHER):
        secrets = [secret.mint("sk_live_") for _ in range(min(TOGETHER, count - start))]
        began = time.perf_counter()
        for number, each in enumerate(secrets, start):
            gate.verify(each, ask(number))
        seconds += time.perf_counter() - began
    return {
        "count": count,
        "us": round(seconds / count * 1e6, 1),
        "redis_bytes": _redis_bytes(client) - before[0],
        "process_bytes": _process_bytes() - before[1],
    }


def _redis_bytes(client: Any) -> int:
    return int(client.info("memory")["used_memory"])


def _process_bytes() -> int:
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return int(fields["VmRSS"].split()[0]) * 1024


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
