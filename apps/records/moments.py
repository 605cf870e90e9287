"""When records change, so that a list by `updated_at` grows at its end only.

A reader who has read that list up to a moment must not find something older there later: no two changes have one
moment, and what has the later one is committed later. Clocks cannot promise that: a transaction that began first may
end last, two machines never agree, and a clock that is set goes back. So every writer of a resource takes its moment
from a row that stays locked until it has committed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from apps.records.models import LatestChange, Record

_TICK = timedelta(microseconds=1)


def next_moment(project_id: str, resource: str) -> datetime:
    """The moment of a change to the project's records of `resource`: now, or a microsecond after the change before.

    Others who change the resource wait here until the transaction is over: ask for it last, and write the record. It is
    asked for after the record was locked, never before: everybody locks in this order.
    """
    return (connection.vendor == "postgresql" and _at_once(project_id, resource)) or _by_steps(project_id, resource)


def _at_once(project_id: str, resource: str) -> datetime | None:
    """In one statement: the fewer there are, the shorter others wait. None when there is no row yet."""
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, (timezone.now(), project_id, resource))
        row: tuple[datetime] | None = cursor.fetchone()
    return row[0] if row else None


_UPDATE = """
UPDATE records_latestchange SET at = GREATEST(%s, at + interval '1 microsecond')
WHERE project_id = %s AND resource = %s RETURNING at
"""


def _by_steps(project_id: str, resource: str) -> datetime:
    first: dict[str, Any] = {"at": partial(_latest, project_id, resource)}
    rows = LatestChange.objects.select_for_update()
    latest, _ = rows.get_or_create(project_id=project_id, resource=resource, defaults=first)
    latest.at = max(timezone.now(), latest.at + _TICK)
    latest.save(update_fields=["at"])
    return latest.at


def _latest(project_id: str, resource: str) -> datetime:
    """Of the records from before their changes had an order."""
    rows = Record.objects.filter(project_id=project_id, resource=resource)
    return rows.aggregate(latest=Max("updated_at"))["latest"] or timezone.now() - _TICK
