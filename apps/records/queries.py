"""Reading records: one, and a list by pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from apps.core.fields import Field
from apps.core.resources import Resource
from apps.core.times import rfc3339
from apps.records import cursor as cursors
from apps.records.cursor import Cursor
from apps.records.lookups import matches
from apps.records.models import Record

_ID = re.compile(r"rec_[0-9A-Za-z]{22}")


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked of a list. `order`: one of `cursor.ORDERS`. `filters`: typed values by field (`parse_query`)."""

    limit: int = 20
    order: str = "-created_at"
    after: Cursor | None = None
    updated_since: datetime | None = None
    filters: Sequence[tuple[Field, object]] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """The records, and the cursor of the page after them; None when there are no more."""

    records: Sequence[Record]
    next_cursor: str | None


def record_in(project_id: str, resource: Resource, record_id: str) -> Record | None:
    """The project's record with this ID; None also for what belongs to another project or resource."""
    return records_with(project_id, resource, record_id).first()


def records_with(project_id: str, resource: Resource, record_id: str) -> QuerySet[Record]:
    """The one record, or none. What cannot be an ID (a NUL in it, say) never reaches the database."""
    if not _ID.fullmatch(record_id):
        return Record.objects.none()
    return _records(project_id, resource).filter(pk=record_id)


def page(project_id: str, resource: Resource, listing: Listing) -> Page:
    """One page of the list, in one query. A record that does not change while pages are read is met exactly once."""
    records = _records(project_id, resource)
    if listing.updated_since:
        records = records.filter(updated_at__gte=listing.updated_since)
    for field, value in listing.filters:
        records = records.filter(matches(field, value))
    if listing.after:
        records = records.filter(_after(listing.after))
    sign = "-" if listing.order.startswith("-") else ""
    rows = list(records.order_by(listing.order, f"{sign}id")[: listing.limit + 1])
    more = len(rows) > listing.limit
    rows = rows[: listing.limit]
    return Page(rows, cursors.encode(_cursor(rows[-1], listing.order)) if more else None)


def record_json(record: Record, fields: Sequence[Field]) -> dict[str, Any]:
    """`{"id", "created_at", "updated_at", …}` with each field by its name, null where it is empty."""
    values: Mapping[str, Any] = record.data
    return {
        "id": record.id,
        "created_at": rfc3339(record.created_at),
        "updated_at": rfc3339(record.updated_at),
        **{field.name: values.get(field.name) for field in fields},
    }


def _records(project_id: str, resource: Resource) -> QuerySet[Record]:
    return Record.objects.filter(project_id=project_id, resource=resource.slug)


def _after(cursor: Cursor) -> Q:
    """Keyset, not offset: rows that come or go before the cursor shift nothing."""
    column = cursor.order.removeprefix("-")
    than = "lt" if cursor.order.startswith("-") else "gt"
    # The first condition follows from the second; it lets both databases begin at the place in the index.
    return Q(**{f"{column}__{than}e": cursor.moment}) & (
        Q(**{f"{column}__{than}": cursor.moment}) | Q(**{column: cursor.moment, f"id__{than}": cursor.id})
    )


def _cursor(record: Record, order: str) -> Cursor:
    return Cursor(order, getattr(record, order.removeprefix("-")), record.id)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many records a resource has, and when the latest was created."""

    count: int
    latest: datetime | None


def tallies(project_id: str) -> dict[str, Tally]:
    """By resource, for those that have any."""
    rows = Record.objects.filter(project_id=project_id).order_by().values("resource")
    counted = rows.annotate(number=Count("id"), latest=Max("created_at"))
    return {row["resource"]: Tally(row["number"], row["latest"]) for row in counted}
