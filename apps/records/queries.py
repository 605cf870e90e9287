"""Reading records: one, and a list by pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Count, Max, Q, QuerySet

from apps.core.fields import Field
from apps.core.resources import Resource
from apps.core.times import rfc3339
from apps.records import cursor as cursors
from apps.records.cursor import Cursor
from apps.records.lookups import matches
from apps.records.models import Message, Metrics, Record
from apps.records.steps import COUNTS, STATUS

Row = TypeVar("Row", Record, Message)

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
    rows, after = _cut(records, listing)
    return Page(rows, after)


def messages(record: Record, listing: Listing) -> tuple[Sequence[Message], str | None]:
    """One page of the conversation, and the cursor of the page after it."""
    return _cut(Message.objects.filter(record=record), listing)


def metrics_of(record: Record) -> Metrics | None:
    """What was reported of the broadcast; None as long as nothing was."""
    return Metrics.objects.filter(record=record).first()


def record_json(record: Record, fields: Sequence[Field], resource: Resource) -> dict[str, Any]:
    """`{"id", "created_at", "updated_at", …}` with each field by its name, null where it is empty, and `tags`, where
    the resource has them."""
    values: Mapping[str, Any] = record.data
    shown = {
        "id": record.id,
        "created_at": rfc3339(record.created_at),
        "updated_at": rfc3339(record.updated_at),
        **{field.name: values.get(field.key) for field in fields},
    }
    if "tags" in resource.operations:
        shown.setdefault("tags", record.tags)
    return shown


def message_json(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "created_at": rfc3339(message.created_at),
        "direction": message.direction,
        "text": message.text,
    }


def metrics_json(record: Record, metrics: Metrics | None) -> dict[str, Any]:
    """`{"id", "status", "reported_at", "recipients", …, "reason"}`: null is what nobody has reported."""
    counts: Mapping[str, Any] = metrics.counts if metrics else {}
    return {
        "id": record.id,
        "status": record.data.get(STATUS),
        "reported_at": rfc3339(metrics.reported_at) if metrics else None,
        **{name: counts.get(name) for name in COUNTS},
        "reason": (metrics.reason or None) if metrics else None,
    }


def _cut(rows: QuerySet[Row], listing: Listing) -> tuple[Sequence[Row], str | None]:
    """The rows of one page, and the cursor of the next; None when there is none."""
    if listing.after:
        rows = rows.filter(_after(listing.after))
    sign = "-" if listing.order.startswith("-") else ""
    found = list(rows.order_by(listing.order, f"{sign}id")[: listing.limit + 1])
    more = len(found) > listing.limit
    found = found[: listing.limit]
    return found, cursors.encode(_cursor(found[-1], listing.order)) if more else None


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


def _cursor(record: Record | Message, order: str) -> Cursor:
    return Cursor(order, getattr(record, order.removeprefix("-")), record.id)


def with_value(project_id: str, resource: Resource, key: str) -> QuerySet[Record]:
    """The records that have a value of the field with this `key`, archived or not."""
    return _records(project_id, resource).filter(data__has_key=key)


def has_values(project_id: str, resource: Resource, key: str) -> bool:
    return with_value(project_id, resource, key).exists()


def holders(project_id: str, resource: Resource, field: Field, options: Sequence[str]) -> dict[str, int]:
    """How many records hold each of these options of a choice, in one query; without those that none holds."""
    if not options:
        return {}
    counts = {f"of_{n}": Count("pk", filter=Q(matches(field, option))) for n, option in enumerate(options)}
    found = _records(project_id, resource).order_by().aggregate(**counts)
    return {option: found[f"of_{n}"] for n, option in enumerate(options) if found[f"of_{n}"]}


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
