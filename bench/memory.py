"""What keys take of memory, and what it takes to bring their counts into the database.

    python -m bench.memory KEYS MADE_UP FOLDER OUT.json

The folder has the header values. Redis must be this run's own: it is emptied.
"""

from __future__ import annotations

import json
import sys
import time
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
        current.find(secret.digest(each), 1)
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


def _flooded(client: Any, count: int) -> dict[str, float]:
    """What made-up keys, each another one, leave in Redis and in this process, in bytes; and how long one takes."""
    secrets = [secret.mint("sk_live_") for _ in range(count)]
    gate.verify(secrets.pop(), ASK)
    before, began = (_redis_bytes(client), _process_bytes()), time.perf_counter()
    for each in secrets:
        gate.verify(each, ASK)
    seconds = time.perf_counter() - began
    return {
        "made_up": count,
        "made_up_us": round(seconds / count * 1e6, 1),
        "made_up_redis_bytes": _redis_bytes(client) - before[0],
        "made_up_process_bytes": _process_bytes() - before[1],
    }


def _redis_bytes(client: Any) -> int:
    return int(client.info("memory")["used_memory"])


def _process_bytes() -> int:
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return int(fields["VmRSS"].split()[0]) * 1024


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
