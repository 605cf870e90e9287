"""How much longer it takes to find a key among many.

    python -m bench.lookup FEW MANY OUT.json

Two databases with the same tables take turns as the one that `apps.keys.loader` reads.
"""

from __future__ import annotations

import hashlib
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402  (needs the settings, as all below)
from django.db import DEFAULT_DB_ALIAS, connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.keys import loader  # noqa: E402
from apps.keys.models import Grant, Key  # noqa: E402
from apps.projects.models import Project  # noqa: E402

LOOKED_UP = 500
ROUNDS = 21
INDEX = "SELECT id FROM keys_key WHERE digest = %s"
"""Once it is prepared, what PostgreSQL and its wire take. Of the whole of `load`, the ORM takes most."""

MANY = """
    INSERT INTO {table} ({columns})
    SELECT {values} FROM {table} template, generate_series(1, {count} - 1) AS number
"""
VARYING = {
    "id": "'key_' || lpad(number::text, 22, '0')",
    "name": "'key ' || number",
    "digest": "sha256(convert_to(number::text, 'UTF8'))",
}


def fill(alias: str, count: int) -> None:
    """One key by the models, and the others from it by PostgreSQL, each with one grant."""
    call_command("migrate", database=alias, verbosity=0, skip_checks=True)
    project = Project.objects.using(alias).create(name="Bench", slug="bench", catalogue="boltcall")
    Key.objects.using(alias).create(
        name="key 0", project=project, environment="live", digest=_digest(0), mask="sk_live_…", rate_limit=60,
        created_at=timezone.now(), created_by="bench",
    )  # fmt: skip
    columns = [str(field.column) for field in Key._meta.concrete_fields]
    insert = MANY.format(
        table=Key._meta.db_table,
        columns=", ".join(columns),
        values=", ".join(VARYING.get(column, f"template.{column}") for column in columns),
        count=count,
    )
    with connections[alias].cursor() as cursor:
        cursor.execute(insert)
        cursor.execute(
            f"INSERT INTO {Grant._meta.db_table} (key_id, resource, action) "
            f"SELECT id, 'leads', 'read' FROM {Key._meta.db_table}"
        )
        cursor.execute("VACUUM ANALYZE")


def measure(counts: dict[str, int]) -> dict[str, dict[str, list[float]]]:
    """Microseconds for one look-up, by database: the whole of `load`, and the statement alone."""
    digests = {alias: _some_digests(count) for alias, count in counts.items()}
    samples: dict[str, dict[str, list[float]]] = {alias: {"load": [], "statement": []} for alias in counts}
    for _ in range(ROUNDS):
        for alias in counts:
            connections[DEFAULT_DB_ALIAS] = connections[alias]
            for name, look_up in (("load", loader.load), ("statement", _statement)):
                samples[alias][name].append(_time(look_up, digests[alias]))
    return {
        alias: {name: [round(of(values), 1) for of in (statistics.median, min, max)] for name, values in found.items()}
        for alias, found in samples.items()
    }


def _time(look_up: Callable[[bytes], object], digests: list[bytes]) -> float:
    began = time.perf_counter_ns()
    for digest in digests:
        if look_up(digest) is None:
            sys.exit("A key was not found.")
    return (time.perf_counter_ns() - began) / len(digests) / 1000


def _statement(digest: bytes) -> object:
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    return connection.connection.execute(INDEX, (digest,), prepare=True).fetchone()


def _some_digests(count: int) -> list[bytes]:
    return [_digest(number) for number in random.Random(1).sample(range(1, count), min(LOOKED_UP, count - 1))]


def _digest(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def main(few: int, many: int, out: Path) -> None:
    counts = {"small": few, "large": many}
    for alias, count in counts.items():
        fill(alias, count)
    result = {alias: {"rows": counts[alias], **found} for alias, found in measure(counts).items()}
    out.write_text(json.dumps(result))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
