"""Fields to try values on, and what is said when they are refused."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from apps.core import fields, values
from apps.core.errors import FieldError, Invalid
from apps.core.fields import Field

NAME = Field("name", "Name", "text", required=True)
EMAIL = Field("email", "E-mail", "email")
STAGE = Field("stage", "Stage", "single_choice", options=("new", "won"))
TAGS = Field("tags", "Tags", "multiple_choice", options=("red", "green", "blue"))

SAMPLES: Mapping[str, object] = {
    "text": "Ann",
    "long_text": "Ann\nBen",
    "number": 1.5,
    "integer": 3,
    "boolean": True,
    "date": "2026-03-31",
    "date_time": "2026-03-31T09:30:00Z",
    "email": "ann@example.com",
    "phone": "+44 20 7946 0018",
    "url": "https://example.com/a",
    "single_choice": "red",
    "multiple_choice": ["red", "blue"],
}
"""One good value of each type."""


def field(type: str, *, required: bool = False) -> Field:
    return Field("x", "Price", type, required, TAGS.options if type in fields.CHOICES else ())


def stored(type: str, value: object) -> object:
    return values.clean([field(type)], {"x": value}, partial=False).values["x"]


def faults(*some: Field, data: Mapping[str, object], partial: bool = False) -> list[FieldError]:
    with pytest.raises(Invalid) as refusal:
        values.clean(some, data, partial=partial)
    return list(refusal.value.errors)


def refusal(type: str, value: object) -> tuple[str, str]:
    [fault] = faults(field(type), data={"x": value})
    assert fault.pointer == "/x"
    return fault.code, fault.detail
