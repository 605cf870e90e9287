"""The board as its page shows it, whole or as the fragment that scripts put in the place of the old one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from apps.core.fields import Field
from apps.dashboard.board import cards
from apps.dashboard.board.access import Opened
from apps.dashboard.board.cards import Card, as_words, card
from apps.projects import policy
from apps.projects.policy import Right
from apps.records import board
from apps.records.board import GONE, MOST, NONE, Column
from apps.records.models import Record

_SHOW = re.compile(r"([0-9]{1,3})\.(.{1,200})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """A column. `to` is what a card is moved by to it, None where none can be; `more` is the query that shows more."""

    column: Column
    label: str
    to: str | None
    cards: list[Card]
    more: str
    next: int


def show(
    request: HttpRequest, opened: Opened, *, error: str = "", said: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    """The board as it is now. `error` is shown above it; `said` is for screen readers, of what can be seen anyway."""
    stages = opened.stages
    context: dict[str, Any] = {
        "project": opened.access.project,
        "resource": opened.resource,
        "one": opened.one,
        "error": error,
        "said": said,
        "is_mover": opened.is_mover,
        "is_administrator": policy.may(opened.access.membership.role, Right.TEAM_MANAGE),
    }
    context |= _columns(request, opened, stages) if stages else {"missing": missing(opened)}
    template = "board/_board.html" if request.headers.get("HX-Request") else "board/board.html"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def show_record(request: HttpRequest, opened: Opened, record: Record) -> HttpResponse:
    """A record with all its fields, of which a card has only the first few."""
    context = {
        "project": opened.access.project,
        "resource": opened.resource,
        "one": opened.one,
        "record": record,
        "title": cards.title(record, opened, cards.WHOLE),
        "facts": cards.whole(record, opened),
        "query": query_of(request),
    }
    return render(request, "board/record.html", context)


def query_of(request: HttpRequest) -> str:
    """What of the page's query is kept from one request to the next, with its `?`; "" for nothing."""
    return _query(_wanted(request))


def missing(opened: Opened) -> str:
    """Why there are no columns, and that nothing is lost by it."""
    field = next((f for f in opened.fields if f.key == opened.resource.board), None)
    built_in = next(f for f in opened.resource.fields if f.name == opened.resource.board)
    if field is None:
        why = f"The field {built_in.label} is archived"
    else:
        why = f"The field {field.label} is no single choice any more"
    return f"{why}, so that there are no columns. All records, and the stages that they were in, are kept."


def _columns(request: HttpRequest, opened: Opened, stages: Field) -> dict[str, Any]:
    wanted = _wanted(request)
    found = board.read(opened.access.project.id, opened.resource, stages, wanted)
    columns = [_shown(column, opened, stages, wanted, found.first) for column in found.columns]
    return {
        "stages": stages,
        "columns": columns,
        "targets": [(c.to, c.label) for c in columns if c.to is not None],
        "total": sum(c.column.count for c in columns),
        "query": _query(wanted),
        "most": MOST,
    }


def _shown(column: Column, opened: Opened, stages: Field, wanted: Mapping[str, int], first: int) -> Shown:
    now = len(column.cards)
    next_ = min(first, column.count - now, MOST - now)
    more = _query({**wanted, column.key: now + next_}) if next_ > 0 else ""
    shown = [card(record, opened, stages) for record in column.cards]
    return Shown(column, _label(column, stages), _target(column, stages), shown, more, next_)


def _label(column: Column, stages: Field) -> str:
    if column.key == NONE:
        return f"No {stages.label.lower()}"
    return f"{stages.label} removed" if column.key == GONE else as_words(str(column.stage))


def _target(column: Column, stages: Field) -> str | None:
    if column.key == NONE and not stages.required:
        return ""
    return column.stage


def _wanted(request: HttpRequest) -> dict[str, int]:
    """How many cards are asked for, by column: `?show=40.stage:new`. What is not understood means nothing."""
    matches = [_SHOW.fullmatch(text) for text in request.GET.getlist("show")[:110]]
    return {match[2]: int(match[1]) for match in matches if match}


def _query(wanted: Mapping[str, int]) -> str:
    pairs: Sequence[tuple[str, str]] = [("show", f"{number}.{key}") for key, number in wanted.items()]
    return f"?{urlencode(pairs)}" if pairs else ""
