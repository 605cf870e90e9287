"""Old counts: hours become days after five weeks, and days are dropped after 400 days.

A day that was rolled up is the row of its first hour: the other hours have moved into it. So no query has to know:
those that look back 30 days never meet one, and sums over all time stay what they were.

Attempts with a key after its end are evidence, and the Revoked / Expired page counts them for ever: they are not
dropped but rolled up once more, into the first day of their month.

Rows are moved some at a time, each time in one transaction: kill -9 at any point leaves them moved or not moved. Any
number of workers may do so side by side: each passes over the rows that another one has in hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.gate.meter import ENDED
from apps.usage import rows, statements
from apps.usage.models import KeyUsage
from apps.usage.rows import Cell

HOURS_KEPT = timedelta(days=35)
"""The longest window looks back 30 days by the hour; the rest is for those who look at a month that has just ended."""

DAYS_KEPT = timedelta(days=400)
"""A year, so that a month can be compared with the same one of the year before, and some weeks to do so in."""

AT_ONCE = 5_000
"""Rows that one transaction moves or drops: some tenths of a second."""

Target = Callable[[datetime], datetime | None]
"""The hour that counts of an hour move to, None to drop them, or the hour itself to leave them."""


def age(now: datetime) -> Iterator[int]:
    """Rolls up and drops what is old enough, and yields the number of rows after each transaction.

    The caller may stop after any of them; the next call goes on.
    """
    old, very_old = _midnight(now - HOURS_KEPT), _midnight(now - DAYS_KEPT)
    yield from _clear(KeyUsage.objects.filter(hour__lt=old), _midnight)
    yield from _clear(KeyUsage.objects.filter(~Q(outcome__in=ENDED), hour__lt=very_old), _nowhere)
    yield from _clear(KeyUsage.objects.filter(outcome__in=ENDED, hour__lt=very_old), _first_of_month)


def _clear(counts: QuerySet[KeyUsage], target: Target) -> Iterator[int]:
    for hour in _hours(counts):
        into = target(hour)
        while into != hour and (moved := _move(counts.filter(hour=hour), into)):
            yield moved


def _hours(counts: QuerySet[KeyUsage]) -> Iterator[datetime]:
    """The hours that have counts, oldest first: one look into the index for each, however many counts it has."""
    ordered = counts.order_by("hour").values_list("hour", flat=True)
    hour = ordered.first()
    while hour is not None:
        yield hour
        hour = ordered.filter(hour__gt=hour).first()


@transaction.atomic(durable=True)
def _move(counts: QuerySet[KeyUsage], into: datetime | None) -> int:
    """Moves some of these counts, whichever are free; returns how many."""
    taken = list(counts.select_for_update(skip_locked=True)[:AT_ONCE])
    if into is not None:
        statements.add(_sums(taken, into))
    statements.remove([row.pk for row in taken])
    return len(taken)


def _sums(taken: list[KeyUsage], into: datetime) -> dict[Cell, int]:
    hour = int(into.timestamp())
    return rows.summed((Cell(hour, row.key_id, row.resource, row.outcome), row.count) for row in taken)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _first_of_month(moment: datetime) -> datetime:
    return _midnight(moment).replace(day=1)


def _nowhere(_: datetime) -> None:
    return None
