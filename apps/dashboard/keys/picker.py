"""The permission table of the create flow: the catalogue as rows and columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from apps.core.catalogue import Catalogue, Resource
from apps.dashboard.keys.draft import RESTRICTED, Draft
from apps.dashboard.keys.words import inclusion

READ_ACTION = "read"


@dataclass(frozen=True, slots=True)
class Cell:
    """One checkbox: `scope` is empty where the resource has no such action."""

    scope: str
    label: str
    description: str


@dataclass(frozen=True, slots=True)
class Row:
    resource: Resource
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of a group; the group's label is empty in a catalogue without groups."""

    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Picker:
    """All that can be chosen. `columns` are labels of actions, each once, in the order of the catalogue."""

    columns: tuple[str, ...]
    sections: tuple[Section, ...]
    inclusion: str
    can_be_unrestricted: bool
    read_everything: tuple[str, ...]

    def preset(self, draft: Draft, name: str) -> Draft:
        """The draft with all reading, or with nothing, chosen."""
        return replace(draft, scopes=self.read_everything if name == READ_ACTION else (), access=RESTRICTED)


def picker(catalogue: Catalogue) -> Picker:
    columns = tuple(dict.fromkeys((a.slug, a.label) for r in catalogue.resources.values() for a in r.actions))
    return Picker(
        columns=tuple(label for _, label in columns),
        sections=tuple(_sections(catalogue, [slug for slug, _ in columns])),
        inclusion=inclusion(catalogue),
        can_be_unrestricted=catalogue.unrestricted,
        read_everything=tuple(scope for scope in catalogue.scopes if scope.endswith(f":{READ_ACTION}")),
    )


def _sections(catalogue: Catalogue, columns: Sequence[str]) -> list[Section]:
    labels = {group.slug: group.label for group in catalogue.groups}
    sections = []
    for slug in ["", *labels]:
        rows = [_row(resource, columns) for resource in catalogue.resources.values() if resource.group == slug]
        if rows:
            sections.append(Section(labels.get(slug, ""), tuple(rows)))
    return sections


def _row(resource: Resource, columns: Sequence[str]) -> Row:
    cells = []
    for slug in columns:
        action = resource.action(slug)
        scope = f"{resource.slug}:{slug}" if action else ""
        cells.append(Cell(scope, action.label if action else "", action.description if action else ""))
    return Row(resource, tuple(cells))
