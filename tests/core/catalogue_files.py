"""Catalogues written for one test."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.core import catalogue
from apps.core.catalogue import Catalogue, CatalogueError, Resource

MISSING_TEXT = "It is missing. Write text in quotes."
PRINTABLE_300 = "Write 1 to 300 printable characters, without spaces around them."
NO_SLUG = "is no name. Use 1 to 40 of a-z, 0-9 and _, starting with a letter."

SHIPPED = Path(__file__).parents[2] / "boltkeys" / "catalogues"

HEAD = """
slug = "shop"
label = "Shop"
description = "Orders of a shop."
"""

READ = """
[actions.read]
label = "Read"
description = "List and open."
methods = ["GET"]
"""

ORDERS = """
[resources.orders]
label = "Orders"
singular = "order"
description = "What was bought."
actions = ["read"]
"""

SHOP = HEAD + READ + ORDERS
"""The smallest catalogue."""


def save(folder: Path, text: str, name: str = "shop.toml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def load(folder: Path, text: str) -> Catalogue:
    save(folder, text)
    [loaded] = catalogue.load([folder]).values()
    return loaded


def orders(folder: Path, text: str) -> Resource:
    """The resource `orders` of the catalogue."""
    return load(folder, text).resources["orders"]


def fault(folder: Path, text: str) -> tuple[str, str]:
    """The entry and the fault that stop this catalogue."""
    file = save(folder, text)
    with pytest.raises(CatalogueError) as error:
        catalogue.load([folder])
    assert error.value.file == file
    return error.value.entry, error.value.fault


def action(slug: str, rest: str, *, label: str = "", resource: str = "orders") -> str:
    """An action of one resource."""
    return f"""
[resources.{resource}.action.{slug}]
label = "{label or slug.title()}"
description = "What it does."
{rest}
"""


def managing(slug: str, singular: str, operations: str) -> str:
    """A resource of the kind `management` with one action."""
    return f"""
[resources.{slug}]
label = "{slug.title()}"
singular = "{singular}"
description = "What it guards."
kind = "management"
actions = ["use"]
""" + action("use", f"operations = {operations}", resource=slug)
