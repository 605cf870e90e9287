"""Names: visible, on one line, and what they look like."""

from __future__ import annotations

import pytest

from apps.core import fields
from apps.core.errors import Invalid
from apps.core.text import clean_name

DIRECTIONS = [chr(point) for point in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]
"""What turns the direction of a text around, so that it is read as another one (Unicode TR #36 §2.5, TR #9)."""


@pytest.mark.parametrize("char", DIRECTIONS, ids=lambda char: f"U+{ord(char):04X}")
def test_direction_of_a_name_cannot_be_turned(char: str) -> None:
    for name in (f"Web{char}site", f"{char}Website", f"Website{char}"):
        with pytest.raises(Invalid):
            clean_name(name)


@pytest.mark.parametrize("char", DIRECTIONS, ids=lambda char: f"U+{ord(char):04X}")
@pytest.mark.parametrize("where", ["label", "description", "options"])
def test_direction_of_what_a_field_says_cannot_be_turned(char: str, where: str) -> None:
    told = {"label": "Stage", "description": "Where it is.", "options": ["new"]}
    odd = [f"ne{char}w"] if where == "options" else f"ne{char}w"
    with pytest.raises(Invalid) as refused:
        fields.define(name="stage", type="single_choice", required=False, **{**told, where: odd})  # type: ignore[arg-type]
    assert refused.value.errors[0].pointer.startswith(f"/{where}")


@pytest.mark.parametrize("name", ["אתר", "موقع 2", "日本", "👩‍🚀 Rockets"])
def test_names_of_all_scripts_are_fine(name: str) -> None:
    assert clean_name(name) == name
