"""Figures about a project, computed from its records at the moment of the request: nothing of it is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, TruncDate

from apps.core.catalogue import Catalogue
from apps.core.resources import Resource
from apps.records import schema
from apps.records.models import Record

PERIOD = "30d"
DAYS = 30

TOP = 50
"""The most frequent values of a field that are listed: a source is free text and may have thousands."""

Row = dict[str, Any]


def rows(project_id: str, catalogue: Catalogue, now: datetime) -> list[Row]:
    """`{"metric": "leads_by_source", "period": "30d", "key": "website", "value": 12}`, metric by metric.

    Counts the records created in the last 30 days (UTC), of every resource that has records: by day, oldest first, and
    by the value of each field that is a single choice or is named `source`, most frequent first. The key "" stands
    for records without a value. One query for each metric.
    """
    since = (now.astimezone(UTC) - timedelta(days=DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        {"metric": metric, "period": PERIOD, "key": key, "value": value}
        for resource in catalogue.resources.values()
        if resource.kind == "records"
        for metric, key, value in _counts(project_id, resource, since)
    ]


def _counts(project_id: str, resource: Resource, since: datetime) -> Iterator[tuple[str, str, int]]:
    records = Record.objects.filter(project_id=project_id, resource=resource.slug, created_at__gte=since).order_by()
    for day, count in _per_day(records):
        yield f"{resource.slug}_per_day", day, count
    for field in schema.fields_of(project_id, resource):
        if field.type == "single_choice" or field.name == "source":
            for value, count in _by_value(records, field.key):
                yield f"{resource.slug}_by_{field.name}", value, count


def _per_day(records: QuerySet[Record]) -> Iterator[tuple[str, int]]:
    days = records.annotate(day=TruncDate("created_at", tzinfo=UTC)).values("day").annotate(count=Count("pk"))
    for row in days.order_by("day"):
        yield row["day"].isoformat(), row["count"]


def _by_value(records: QuerySet[Record], key: str) -> list[tuple[str, int]]:
    """`key` reaches the database as data: the alias is the same for every field."""
    value = Coalesce(KeyTextTransform(key, "data"), Value(""), output_field=TextField())
    values = (
        records.annotate(of_field=value).values("of_field").annotate(count=Count("pk")).order_by("-count", "of_field")
    )
    counts = [(row["of_field"], row["count"]) for row in values[:TOP]]
    return sorted(counts, key=lambda found: (-found[1], found[0]))  # databases sort text in ways of their own
