"""What templates show: numbers, pages, orders, icons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.paginator import Paginator

from apps.dashboard.templatetags import boltkeys as tags

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
CONTEXT = (ROOT / "apps" / "dashboard" / "context.py").read_text()


@pytest.mark.parametrize(
    ("page", "pages", "shown"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 9, [1, 2, None, 9]),
        (5, 9, [1, None, 4, 5, 6, None, 9]),
        (3, 9, [1, 2, 3, 4, None, 9]),
        (9, 9, [1, None, 8, 9]),
    ],
)
def test_page_numbers_leave_out_the_middle(page: int, pages: int, shown: list[int | None]) -> None:
    assert tags.page_numbers(Paginator(range(pages), 1).page(page)) == shown


def test_sort_state_turns_the_order_round() -> None:
    assert tags.sort_state("name", "name") == ("-name", "ascending")
    assert tags.sort_state("-name", "name") == ("name", "descending")
    assert tags.sort_state("-created_at", "name") == ("name", "")


def test_numbers_have_separators() -> None:
    assert tags.number(1234567) == "1,234,567"


def test_icon_is_hidden_from_assistive_technology_and_has_no_style() -> None:
    svg = tags.icon("trash")
    assert svg.startswith('<svg class="icon" aria-hidden="true"') and svg.endswith("</svg>")
    assert 'd="M4 7l16 0"' in svg and "style" not in svg and 'stroke="none"' not in svg


def test_every_icon_that_a_page_names_exists() -> None:
    named = {n for t in TEMPLATES for n in re.findall(r"{% icon \"([^\"]+)\" %}|icon_name=\"([^\"]+)\"", t.read_text())}
    names = {first or second for first, second in named} | set(
        re.findall(r'"[\w/ ]+", "\w+", "([\w-]+)", Right', CONTEXT)
    )
    assert len(names) > 30
    for name in names:
        assert tags.icon(name)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: str(t.relative_to(ROOT)))
def test_template_has_nothing_inline(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"\sstyle\s*=|\son\w+\s*=|<style|javascript:", text, re.IGNORECASE)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text, re.IGNORECASE)
    assert "|safe" not in text and "autoescape off" not in text
