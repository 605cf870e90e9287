"""The permission table of the create flow: the catalogue as rows and columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from apps.core.catalogue import Catalogue, Resource
from apps.dashboard.keys import levels
from apps.dashboard.keys.draft import RESTRICTED, Draft
from apps.dashboard.keys.words import inclusion

READ_ACTION = "read"
NO_ACCESS = "No access"


@dataclass(frozen=True, slots=True)
class Cell:
    """One checkbox or radio: `scope` is empty for no access, and where the resource has no such action."""

    scope: str
    label: str
    description: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Row:
    resource: Resource
    cells: tuple[Cell, ...]

    @property
    def label(self) -> str:
        return self.resource.label

    @property
    def description(self) -> str:
        return self.resource.description


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of a group; the group's label is empty in a catalogue without groups."""

    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Picker:
    """All that can be chosen. `columns` are labels of actions, each once, in the order of the catalogue.

    `has_levels`: a row is one choice between its cells; otherwise each cell is a choice of its own.
    """

    columns: tuple[str, ...]
    sections: tuple[Section, ...]
    inclusion: str
    can_be_unrestricted: bool
    has_levels: bool
    read_everything: tuple[str, ...]

    @property
    def chosen(self) -> frozenset[str]:
        return frozenset(cell.scope for s in self.sections for row in s.rows for cell in row.cells if cell.is_chosen)

    def preset(self, draft: Draft, name: str) -> Draft:
        """The draft with all reading, or with nothing, chosen."""
        return replace(draft, scopes=self.read_everything if name == READ_ACTION else (), access=RESTRICTED)


def picker(catalogue: Catalogue, chosen: Collection[str] = ()) -> Picker:
    """The catalogue's picker, with the scopes in `chosen` marked."""
    columns = dict.fromkeys((a.slug, a.label) for r in catalogue.resources.values() for a in r.actions)
    has_levels = levels.has_levels(catalogue)
    slugs = [slug for slug, _ in columns]

    def row(resource: Resource) -> Row:
        return _level_row(resource, chosen) if has_levels else _row(resource, slugs, chosen)

    return Picker(
        columns=tuple(label for _, label in columns),
        sections=tuple(_sections(catalogue, row)),
        inclusion=inclusion(catalogue),
        can_be_unrestricted=catalogue.unrestricted,
        has_levels=has_levels,
        read_everything=tuple(scope for scope in catalogue.scopes if scope.endswith(f":{READ_ACTION}")),
    )


def _sections(catalogue: Catalogue, row: Callable[[Resource], Row]) -> list[Section]:
    labels = {group.slug: group.label for group in catalogue.groups}
    sections = []
    for slug in ["", *labels]:
        rows = [row(resource) for resource in catalogue.resources.values() if resource.group == slug]
        if rows:
            sections.append(Section(labels.get(slug, ""), tuple(rows)))
    return sections


def _row(resource: Resource, columns: Sequence[str], chosen: Collection[str]) -> Row:
    cells = []
    for slug in columns:
        action = resource.action(slug)
        scope = f"{resource.slug}:{slug}"
        cells.append(Cell(scope, action.label, action.description, scope in chosen) if action else _EMPTY)
    return Row(resource, tuple(cells))


def _level_row(resource: Resource, chosen: Collection[str]) -> Row:
    """No access, then the levels; of two that a link names for one resource, the higher counts."""
    level = levels.chosen(resource, chosen)
    cells = [Cell("", NO_ACCESS, f"The key cannot use {resource.label}.", not level)]
    for action in levels.levels(resource):
        scope = f"{resource.slug}:{action.slug}"
        cells.append(Cell(scope, action.label, action.description, scope == level))
    return Row(resource, tuple(cells))


_EMPTY = Cell("", "", "", is_chosen=False)
