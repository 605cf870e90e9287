"""The SQL that adds: Django's `bulk_create` can put a value in the place of another, but not add to it.

All rows of a statement are one parameter, a list in JSON: no number of rows is too many, and Python takes no time over
each. PostgreSQL and SQLite (3.24 or newer) differ only in how they read the list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from apps.usage import rows
from apps.usage.rows import Cell, LastSeen

ARRIVE = "INSERT INTO usage_batch (id, arrived_at) VALUES (%s, %s) ON CONFLICT (id) DO NOTHING"

# SQLite needs a WHERE before ON CONFLICT, or takes it for the condition of a join.
ADD = """
    INSERT INTO usage_keyusage (key_id, hour, resource, outcome, count)
    SELECT key_id, hour, resource, outcome, count FROM {given} WHERE true
    ON CONFLICT (key_id, hour, resource, outcome) DO UPDATE SET count = usage_keyusage.count + excluded.count
"""
CELL = {"key_id": "varchar", "hour": "timestamptz", "resource": "varchar", "outcome": "varchar", "count": "bigint"}

SEE = """
    INSERT INTO usage_keyseen AS known (key_id, used_at, used_ip, used_agent, refused_at, refused_ip)
    SELECT key_id, used_at, used_ip, used_agent, refused_at, refused_ip FROM {given} WHERE true
    ON CONFLICT (key_id) DO UPDATE SET
        used_at = CASE WHEN {used} THEN excluded.used_at ELSE known.used_at END,
        used_ip = CASE WHEN {used} THEN excluded.used_ip ELSE known.used_ip END,
        used_agent = CASE WHEN {used} THEN excluded.used_agent ELSE known.used_agent END,
        refused_at = CASE WHEN {refused} THEN excluded.refused_at ELSE known.refused_at END,
        refused_ip = CASE WHEN {refused} THEN excluded.refused_ip ELSE known.refused_ip END
    WHERE {used} OR {refused}
"""
SEEN = {
    "key_id": "varchar", "used_at": "timestamptz", "used_ip": "inet", "used_agent": "varchar",
    "refused_at": "timestamptz", "refused_ip": "inet",
}  # fmt: skip
LATER = "coalesce(excluded.{at} > known.{at}, excluded.{at} IS NOT NULL)"
"""Whether the given time is later than the known one; either may be missing."""

REMOVE = "DELETE FROM usage_keyusage WHERE id IN (SELECT id FROM {given})"


def arrive(batch_id: str, now: datetime) -> bool:
    """Notes that a batch has arrived; False when it had before. Waits for whoever is storing it at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(ARRIVE, [batch_id, _text(now)])
        return bool(cursor.rowcount)


def add(counts: Mapping[Cell, int]) -> None:
    """Raises the cells, and makes those that are missing, in the order given."""
    _run(ADD, CELL, [_cell(cell, count) for cell, count in counts.items()])


def see(sightings: Sequence[LastSeen]) -> None:
    """Notes the sightings that are later than those known, in the order given."""
    _run(SEE, SEEN, [_sighting(seen) for seen in sightings])


def remove(ids: Sequence[int]) -> None:
    """Removes these rows of counts."""
    _run(REMOVE, {"id": "bigint"}, [{"id": each} for each in ids])


def _run(statement: str, columns: Mapping[str, str], given: Sequence[Mapping[str, Any]]) -> None:
    sql = statement.format(
        given=_reader(columns), used=LATER.format(at="used_at"), refused=LATER.format(at="refused_at")
    )
    if given:
        with connection.cursor() as cursor:
            cursor.execute(sql, [json.dumps(given)])


def _reader(columns: Mapping[str, str]) -> str:
    """What reads the list as a table with these columns."""
    if connection.vendor == "postgresql":
        return f"json_to_recordset(%s) AS given ({', '.join(f'{name} {type_}' for name, type_ in columns.items())})"
    fields = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
    return f"(SELECT {fields} FROM json_each(%s)) AS given"  # noqa: S608  # nosec B608


def _cell(cell: Cell, count: int) -> dict[str, Any]:
    return {**cell._asdict(), "hour": _text(datetime.fromtimestamp(cell.hour, UTC)), "count": count}


def _sighting(seen: LastSeen) -> dict[str, Any]:
    return {
        "key_id": seen.key_id,
        "used_at": _text(rows.moment(seen.used)),
        "used_ip": rows.address(seen.used),
        "used_agent": rows.agent(seen.used),
        "refused_at": _text(rows.moment(seen.refused)),
        "refused_ip": rows.address(seen.refused),
    }


def _text(moment: datetime | None) -> str | None:
    """As the database writes times: SQLite keeps them as text, and compares that."""
    return str(connection.ops.adapt_datetimefield_value(moment)) if moment else None
