"""Permissions as a table of resources × actions to choose from: of one catalogue, or of several laid together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from apps.core.catalogue import Catalogue
from apps.core.resources import Resource

READ, EVERYTHING, NOTHING = "read", "everything", "nothing"
PRESETS: Mapping[str, str] = {READ: "Read only", EVERYTHING: "Everything", NOTHING: "Nothing"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One checkbox: `scope` is empty where the resource has no such action, or none that is offered."""

    scope: str = ""
    label: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    description: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of a group; the label is empty where there are no groups."""

    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All that can be chosen. `columns` are labels of actions, each once, in the order of the catalogues."""

    columns: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def scopes(self) -> tuple[str, ...]:
        return tuple(cell.scope for s in self.sections for row in s.rows for cell in row.cells if cell.scope)

    def preset(self, name: str) -> tuple[str, ...]:
        """The scopes that a preset chooses; what is no preset chooses none."""
        if name == EVERYTHING:
            return self.scopes
        return tuple(s for s in self.scopes if s.endswith(f":{READ}")) if name == READ else ()


def matrix(catalogues: Iterable[Catalogue], offered: Collection[str] | None = None) -> Matrix:
    """The rows of the catalogues; a resource that several have stands once. `offered`: these scopes only, if given."""
    rows: dict[str, list[tuple[str, Resource]]] = {}
    for catalogue in {c.slug: c for c in catalogues}.values():
        labels = {group.slug: group.label for group in catalogue.groups}
        for resource in catalogue.resources.values():
            rows.setdefault(resource.slug, []).append((labels.get(resource.group, ""), resource))
    cells = {slug: _cells([resource for _, resource in found], offered) for slug, found in rows.items()}
    columns = _columns(cells.values())
    sections: dict[str, list[Row]] = {}
    for slug, found in rows.items():
        if cells[slug]:
            group, resource = found[0]
            row = Row(resource.label, resource.description, tuple(cells[slug].get(each, Cell()) for each in columns))
            sections.setdefault(group, []).append(row)
    return Matrix(tuple(columns.values()), tuple(Section(label, tuple(each)) for label, each in sections.items()))


def _cells(resources: Iterable[Resource], offered: Collection[str] | None) -> dict[str, Cell]:
    """The actions on one resource by their slugs, whichever catalogue has them."""
    cells: dict[str, Cell] = {}
    for resource in resources:
        for action in resource.actions:
            scope = f"{resource.slug}:{action.slug}"
            if offered is None or scope in offered:
                cells.setdefault(action.slug, Cell(scope, action.label, action.description))
    return cells


def _columns(rows: Iterable[Mapping[str, Cell]]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for row in rows:
        for slug, cell in row.items():
            columns.setdefault(slug, cell.label)
    return columns
