"""A record as a card: what it is called, a few facts, and when it was changed; and all of it, on a page of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from apps.core.fields import Field
from apps.dashboard import times
from apps.dashboard.board.access import Opened
from apps.records.models import Record

FACTS = 3
TITLE_MAX = 120
FACT_MAX = 60
WHOLE = 1_000_000
"""Longer than any value."""

CURRENCY = "currency"
"""The name of a field that says of what the number right before it is an amount."""

Facts = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Card:
    """`seen`: its stage as JSON, on which a move is decided. `was`: that stage where it is none any more."""

    id: str
    title: str
    facts: Facts
    changed: datetime
    seen: str
    was: str


def card(record: Record, opened: Opened, stages: Field) -> Card:
    """The card, with the first fields that have a value: administrators put in front what tells most."""
    stage = record.data.get(stages.key)
    apart = (heading(opened.fields), stages)
    others = [field for field in opened.fields if field not in apart and field.type != "long_text"]
    told = [(label, text) for label, text in _facts(others, record.data, FACT_MAX) if text]
    return Card(
        id=record.id,
        title=title(record, opened),
        facts=told[:FACTS],
        changed=record.updated_at,
        seen=json.dumps(stage),
        was="" if stage is None or stage in stages.options else _short(str(stage), FACT_MAX),
    )


def whole(record: Record, opened: Opened) -> Facts:
    """Every field by its label, in order, with its whole value; "" where it has none."""
    stage = opened.stages.label if opened.stages else None
    told = _facts(opened.fields, record.data, WHOLE)
    return [(label, as_words(text) if label == stage else text) for label, text in told]


def title(record: Record, opened: Opened, limit: int = TITLE_MAX) -> str:
    """What people call the record: its first text that has to be there, else its first text."""
    field = heading(opened.fields)
    value = record.data.get(field.key) if field else None
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return _short(text, limit) or f"Untitled {opened.one}"


def heading(fields: Sequence[Field]) -> Field | None:
    """The field that records are called by."""
    texts = [field for field in fields if field.type == "text"]
    return next((field for field in texts if field.required), texts[0] if texts else None)


def as_words(stage: str) -> str:
    """A stage as people read it, in the heading of a column as in a sentence: “Won” for `won`."""
    return stage[:1].upper() + stage[1:]


def _facts(fields: Sequence[Field], data: Mapping[str, Any], limit: int) -> Iterator[tuple[str, str]]:
    """Labels and values. A number and the currency right after it are one fact, where the record has both."""
    told = None
    for field, after in zip(fields, [*fields[1:], None], strict=True):
        value = data.get(field.key)
        unit = data.get(after.key) if after and after.name == CURRENCY and field.type in ("number", "integer") else None
        if field is told:
            continue
        if unit and isinstance(value, (int, float)) and not isinstance(value, bool):
            told = after
            yield field.label, f"{_amount(value)} {_short(str(unit), limit)}"
        else:
            yield field.label, "" if value in (None, "", []) else _text(field, value, limit)


def _amount(value: float) -> str:
    """Cents where there are any: 12,000 and 56,000.50."""
    return f"{value:,.2f}" if value != int(value) and round(value, 2) == value else _number(value)


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:,}"


def _text(field: Field, value: Any, limit: int) -> str:
    """A value in words, on one line unless it is a long text. What is not of the field's type, from before that was
    changed, is shown as it is."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, list):
        return _short(", ".join(str(each) for each in value), limit)
    if field.type in ("date", "date_time"):
        return _moment(str(value), limit)
    return _short(str(value).strip() if field.type == "long_text" else " ".join(str(value).split()), limit)


def _moment(text: str, limit: int) -> str:
    """`21 Nov 2026`, and with a time `21 Nov 2026, 02:40` in the reader's zone."""
    try:
        if "T" in text:
            return times.local(datetime.fromisoformat(text))
        day = date.fromisoformat(text)
    except (ValueError, OverflowError):
        return _short(text, limit)
    return f"{day.day} {day:%b} {day.year}"


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
