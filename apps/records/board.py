"""Records as cards in columns: one for each option of a single choice, and what fits none of them.

No card is left out. A record whose stage is empty, or is an option no more, stands in a column of its own, until
somebody moves it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, IntegerField, QuerySet, TextField, Value, When, Window
from django.db.models.functions import Concat, RowNumber

from apps.core.fields import Field
from apps.core.resources import Resource
from apps.records import schema
from apps.records.lookups import Text
from apps.records.models import Record

NONE, GONE = "none", "gone"
_STAGE = "stage:"

CARDS = 20
"""Cards of a column at first; fewer where there are many columns, so that a board has at most ON_BOARD."""

ON_BOARD = 240
FEWEST = 5
MOST = 500
"""Cards of a column that are shown at most. Whoever has more wants a list, which the API has."""


@dataclass(frozen=True, slots=True)
class Column:
    """`key` tells the columns of a board apart. `stage` is the option, None for the two that are none: `NONE`, `GONE`.

    `count` is how many cards there are, `cards` those that are shown, the latest changed first.
    """

    key: str
    stage: str | None
    count: int
    cards: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Board:
    """`field`: its options are the stages. `first`: how many cards of a column are shown unless more are asked for."""

    field: Field
    columns: Sequence[Column]
    first: int


def stage_of(fields: Sequence[Field], resource: Resource) -> Field | None:
    """The field that the catalogue names, whatever it is called now; None when it is archived or no single choice."""
    found = next((field for field in fields if field.key == resource.board), None)
    return found if found is not None and found.type == "single_choice" else None


def is_movable(resource: Resource) -> bool:
    """Whether stages are changed like any field: not where operations alone lead from one to the next."""
    return resource.board not in schema.owned_fields(resource)


def read(project_id: str, resource: Resource, field: Field, wanted: Mapping[str, int]) -> Board:
    """The board by `field`, in two queries. `wanted`: how many cards of a column are shown, by its key, if not `first`.

    The columns are the options in their order, then `NONE` and `GONE` where there are such cards.
    """
    first = min(CARDS, max(FEWEST, ON_BOARD // len(field.options)))
    stages = [(f"{_STAGE}{option}", option) for option in field.options]
    known = {key for key, _ in stages} | {NONE, GONE}
    shown = {key: min(max(number, first), MOST) for key, number in wanted.items() if key in known}
    records = _in_columns(project_id, resource, field)
    found = list(_first_of_each(records, shown, first))
    counts = {column: count for _, column, count in found}
    cards: dict[str, list[Record]] = {}
    # By their IDs, one by one: within one statement PostgreSQL has looked the first cards up anew for each record.
    for record in records.filter(pk__in=[pk for pk, _, _ in found]).order_by("-updated_at", "-id"):
        cards.setdefault(record.column, []).append(record)
    columns = [Column(key, option, counts.get(key, 0), cards.get(key, [])) for key, option in stages]
    columns += [Column(key, None, counts[key], cards.get(key, [])) for key in (NONE, GONE) if key in counts]
    return Board(field, columns, first)


def _in_columns(project_id: str, resource: Resource, field: Field) -> QuerySet[Any]:
    """All records, each with the key of its `column`."""
    stage = Text(field.key)
    column = Case(
        When(stage=None, then=Value(NONE)),
        When(stage__in=field.options, then=Concat(Value(_STAGE), "stage", output_field=TextField())),
        default=Value(GONE),
        output_field=TextField(),
    )
    records = Record.objects.filter(project_id=project_id, resource=resource.slug)
    return records.annotate(stage=stage).annotate(column=column)


def _first_of_each(records: QuerySet[Any], shown: Mapping[str, int], first: int) -> QuerySet[Any, tuple[str, str, int]]:
    """The IDs of the cards that are shown, each with the key of its column and how many that has."""
    limit = Case(
        *(When(column=key, then=Value(number)) for key, number in shown.items()),
        default=Value(first),
        output_field=IntegerField(),
    )
    order = (F("updated_at").desc(), F("id").desc())
    place = Window(RowNumber(), partition_by=[F("column")], order_by=order)
    count = Window(Count("*"), partition_by=[F("column")])
    placed = records.annotate(place=place, count=count, limit=limit).filter(place__lte=F("limit"))
    rows: QuerySet[Any, tuple[str, str, int]] = placed.values_list("pk", "column", "count")
    return rows
