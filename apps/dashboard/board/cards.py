"""A record as a card: what it is called, a few facts, and when it was changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.core.fields import Field
from apps.dashboard import times
from apps.dashboard.board.access import Opened
from apps.records.models import Record

FACTS = 3
TITLE_MAX = 120
FACT_MAX = 60


@dataclass(frozen=True, slots=True)
class Card:
    """`seen`: its stage as JSON, on which a move is decided. `was`: that stage where it is none any more."""

    id: str
    title: str
    facts: list[tuple[str, str]]
    changed: datetime
    seen: str
    was: str


def card(record: Record, opened: Opened, stages: Field) -> Card:
    """The card, with the first fields that have a value: administrators put in front what tells most."""
    heading = _heading(opened.fields)
    stage = record.data.get(stages.key)
    others = [f for f in opened.fields if f not in (heading, stages) and f.type != "long_text"]
    told = [(f.label, _text(f, record.data[f.key])) for f in others if record.data.get(f.key) not in (None, "", [])]
    return Card(
        id=record.id,
        title=title(record, opened),
        facts=told[:FACTS],
        changed=record.updated_at,
        seen=json.dumps(stage),
        was="" if stage is None or stage in stages.options else _short(str(stage), FACT_MAX),
    )


def title(record: Record, opened: Opened) -> str:
    """What people call the record: its first text that has to be there, else its first text."""
    heading = _heading(opened.fields)
    value = record.data.get(heading.key) if heading else None
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return _short(text, TITLE_MAX) or f"Untitled {opened.one}"


def _heading(fields: Sequence[Field]) -> Field | None:
    texts = [field for field in fields if field.type == "text"]
    return next((field for field in texts if field.required), texts[0] if texts else None)


def _text(field: Field, value: Any) -> str:
    """A value on one line. What is not of the field's type, from before that was changed, is shown as it is."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, (int, float)):
        return f"{value:,}"
    if isinstance(value, list):
        return _short(", ".join(str(each) for each in value), FACT_MAX)
    if field.type == "date_time":
        return _moment(str(value))
    return _short(" ".join(str(value).split()), FACT_MAX)


def _moment(text: str) -> str:
    try:
        return times.local(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return _short(text, FACT_MAX)


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
