"""docs/catalogues.md says what holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apps.core import catalogue, fields
from apps.core.catalogue import Catalogue, CatalogueError
from tests.core.catalogue_files import fault, load

DOCUMENT = (Path(__file__).parents[2] / "docs" / "catalogues.md").read_text(encoding="utf-8")

[EXAMPLE] = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)


@pytest.fixture
def shop(tmp_path: Path) -> Catalogue:
    return load(tmp_path, EXAMPLE)


def test_the_example_has_the_scopes_that_are_said(shop: Catalogue) -> None:
    *scopes, last = re.findall(r"`(\w+:\w+)`", DOCUMENT.split("Its scopes are ")[1].split(", and\n")[0])
    assert (*scopes, last) == shop.scopes
    assert shop.implied("orders:write") == {"orders:write", "orders:read"}


def test_the_fault_that_is_shown_is_the_one_that_is_raised(tmp_path: Path) -> None:
    entry, message = fault(tmp_path, EXAMPLE.replace('group = "sales"', 'group = "sale"', 1))
    shown = CatalogueError(Path("/etc/boltkeys/catalogues/shop.toml"), entry, message)
    assert f"\n{shown}\n" in DOCUMENT


@pytest.mark.parametrize("operation", catalogue.MANAGEMENT_OPERATIONS)
def test_every_operation_of_the_product_is_listed(operation: str) -> None:
    assert f"`{operation}`" in DOCUMENT.split("### Management")[1].split("## Fields")[0]


@pytest.mark.parametrize("word", [*fields.TYPES, *sorted(fields.RESERVED)])
def test_every_type_and_reserved_name_of_a_field_is_listed(word: str) -> None:
    assert f"`{word}`" in DOCUMENT.split("## Fields")[1]
