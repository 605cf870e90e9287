"""The catalogue: what a key can be allowed to do, read from a TOML file (docs/catalogues.md says how to write one).

A catalogue has resources, a resource has actions, an action covers HTTP methods and named operations. Every
method and operation of a resource is covered by at most one of its actions, so that a request needs one scope.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from apps.core import fields
from apps.core.catalogue_entry import CatalogueError, Entry, read
from apps.core.errors import Invalid, UnknownCatalogue
from apps.core.fields import Field
from apps.core.resources import KINDS, MANAGEMENT_OPERATIONS, METHODS, Action, Group, Resource
from apps.core.values import TEXT_MAX

__all__ = [
    "MANAGEMENT_OPERATIONS",
    "METHODS",
    "Action",
    "Catalogue",
    "CatalogueError",
    "Group",
    "Resource",
    "load",
    "of",
]

_RESERVED_SLUGS = frozenset({"auth", "docs", "me", "openapi", "schema", "verify"})
"""Fixed paths under /v1. Those with a hyphen or a dot are no slugs anyway."""

_RESERVED_BOARDS = frozenset({"audit", "fields", "team", "webhooks"})
"""Fixed paths under /projects/<slug>, where a board is at the slug of its resource."""

_RESERVED_SINGULARS = frozenset({"key"})
"""The first word of events of boltkeys itself that webhooks subscribe to."""

_SETTINGS = (
    "slug",
    "label",
    "description",
    "key_prefix",
    "unrestricted",
    "rate_limit",
    "groups",
    "actions",
    "resources",
)

_KEY_PREFIX = re.compile(r"[a-z][a-z0-9]{0,15}")
_OPERATION = re.compile(r"[a-z][a-z0-9_]{0,39}(?:\.[a-z][a-z0-9_]{0,39})?")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One product's model. `resources` by slug and `scopes` (`leads:read`) are in the order of the file.

    `rate_limit`: requests in any 60 seconds that a key has by default. `unrestricted`: keys that can do everything
    are allowed.
    """

    slug: str
    label: str
    description: str
    key_prefix: str
    unrestricted: bool
    rate_limit: int
    groups: tuple[Group, ...]
    resources: Mapping[str, Resource] = field(hash=False)
    scopes: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _implied: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)
    _guards: Mapping[str, Resource] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        resources = self.resources.values()
        implied = {
            f"{r.slug}:{a.slug}": frozenset(f"{r.slug}:{slug}" for slug in r.implied(a.slug))
            for r in resources
            for a in r.actions
        }
        managed = [r for r in resources if r.kind == "management"]
        object.__setattr__(self, "scopes", tuple(implied))
        object.__setattr__(self, "_implied", implied)
        object.__setattr__(self, "_guards", {o: r for r in managed for a in r.actions for o in a.operations})

    def implied(self, scope: str) -> frozenset[str]:
        """The scope and all that comes with it. Empty for a scope that the catalogue does not have (any more)."""
        return self._implied.get(scope, frozenset())

    def guard(self, operation: str) -> Resource | None:
        """The resource of the kind `management` that lets keys in to `keys.create`; None: no key is let in."""
        return self._guards.get(operation)


def of(catalogues: Mapping[str, Catalogue], slug: str) -> Catalogue:
    """The catalogue that a project names. Raises `UnknownCatalogue`."""
    try:
        return catalogues[slug]
    except KeyError:
        raise UnknownCatalogue(slug) from None


def load(folders: Iterable[Path]) -> Mapping[str, Catalogue]:
    """The catalogues of all `*.toml` in the folders, by slug.

    Raises `CatalogueError` at the first fault; a folder without a catalogue and a slug that is there twice are faults.
    """
    catalogues: dict[str, Catalogue] = {}
    origin: dict[str, Path] = {}
    for file in (file for folder in folders for file in _files(folder)):
        catalogue = _catalogue(read(file))
        if catalogue.slug in origin:
            taken = f'"{catalogue.slug}" is the slug of {origin[catalogue.slug]} already. Choose another.'
            raise CatalogueError(file, "slug", taken)
        catalogues[catalogue.slug] = catalogue
        origin[catalogue.slug] = file
    return MappingProxyType(catalogues)


def _files(folder: Path) -> list[Path]:
    """The folder's catalogues by name, without hidden files, which editors leave behind."""
    files = sorted(file for file in folder.glob("*.toml") if not file.name.startswith("."))
    if not files:
        raise CatalogueError(folder, "whole folder", "There is no catalogue in it. Put a *.toml file there.")
    return files


def _catalogue(entry: Entry) -> Catalogue:
    entry.only(*_SETTINGS)
    groups = _groups(entry)
    return Catalogue(
        slug=entry.slug("slug"),
        label=entry.label(),
        description=entry.description(),
        key_prefix=_key_prefix(entry),
        unrestricted=entry.flag("unrestricted"),
        rate_limit=entry.integer("rate_limit", 1, 1_000_000, default=60),
        groups=groups,
        resources=_resources(entry, groups),
    )


def _key_prefix(entry: Entry) -> str:
    prefix = entry.text("key_prefix", 16, default="sk")
    if not _KEY_PREFIX.fullmatch(prefix):
        raise entry.fault("key_prefix", "Write 1 to 16 of a-z and 0-9, and start with a letter.")
    return prefix


def _groups(entry: Entry) -> tuple[Group, ...]:
    rows = entry.rows("groups")
    for row in rows:
        row.only("slug", "label")
    groups = tuple(Group(row.slug("slug"), row.label()) for row in rows)
    _refuse_doubles(rows, "slug", [group.slug for group in groups])
    _refuse_doubles(rows, "label", [group.label for group in groups])
    return groups


def _refuse_doubles(entries: Sequence[Entry], key: str, values: Sequence[str]) -> None:
    """Names that must tell things apart: for people, assistive technology, events or the database."""
    for i, value in enumerate(values):
        if value in values[:i]:
            raise entries[i].fault(key, f'"{value}" is there already, at {entries[values.index(value)].path}.')


def _resources(entry: Entry, groups: Sequence[Group]) -> Mapping[str, Resource]:
    tables = entry.tables("resources")
    if not tables:
        raise entry.fault("resources", "There are none. Write at least one table, [resources.NAME].")
    shared = entry.tables("actions")
    resources = {slug: _resource(table, slug, shared, groups) for slug, table in tables.items()}
    rows = list(tables.values())
    _refuse_doubles(rows, "label", [r.label for r in resources.values()])
    _refuse_doubles(rows, "singular", [r.singular for r in resources.values()])
    _refuse_two_guards(tables, resources)
    _refuse_unused(shared, {action.slug for r in resources.values() for action in r.actions})
    _refuse_unused({row.slug("slug"): row for row in entry.rows("groups")}, {r.group for r in resources.values()})
    return MappingProxyType(resources)


def _refuse_unused(entries: Mapping[str, Entry], used: Collection[str]) -> None:
    """What nothing refers to has no effect, which its author does not expect."""
    for slug, entry in entries.items():
        if slug not in used:
            raise entry.fault("", f'No resource uses "{slug}". Use it in one, or remove it.')


def _refuse_two_guards(entries: Mapping[str, Entry], resources: Mapping[str, Resource]) -> None:
    """An endpoint of the product asks for one scope, so that one resource of a catalogue guards it."""
    guards: dict[str, str] = {}
    for resource in resources.values():
        if resource.kind != "management":
            continue
        for operation in sorted(o for action in resource.actions for o in action.operations):
            if operation in guards:
                taken = f'"{operation}" is covered by {guards[operation]} already. Remove it from one of the two.'
                raise entries[resource.slug].fault("actions", taken)
            guards[operation] = entries[resource.slug].path


def _resource(entry: Entry, slug: str, shared: Mapping[str, Entry], groups: Sequence[Group]) -> Resource:
    entry.only("label", "singular", "description", "group", "kind", "dynamic", "board", "actions", "action", "fields")
    if slug in _RESERVED_SLUGS:
        raise entry.fault("", f"/v1/{slug} is a path of boltkeys itself. Choose another name.")
    resource = Resource(
        slug=slug,
        label=entry.label(),
        singular=_singular(entry),
        description=entry.description(),
        group=entry.choice("group", [group.slug for group in groups], default=""),
        kind=entry.choice("kind", KINDS, default="records"),
        actions=_actions(entry, shared),
        fields=_fields(entry),
        dynamic=entry.flag("dynamic"),
        board=entry.text("board", TEXT_MAX, default=""),
    )
    _check_implies(entry, resource)
    _check_kind(entry, resource)
    _check_board(entry, resource)
    return resource


def _singular(entry: Entry) -> str:
    singular = entry.slug("singular")
    if singular in _RESERVED_SINGULARS:
        raise entry.fault("singular", f"Events such as {singular}.created are of boltkeys itself. Choose another word.")
    return singular


def _check_kind(entry: Entry, resource: Resource) -> None:
    """What the kind of a resource rules out."""
    if resource.kind == "records":
        return
    if resource.dynamic:
        raise entry.fault("dynamic", f'Only records have fields that change. Remove it, or the kind "{resource.kind}".')
    if resource.kind == "analytics" and (resource.methods - {"GET", "HEAD"} or resource.operations):
        raise entry.fault("actions", "Analytics are computed: their actions cover GET and nothing else.")
    if resource.kind == "management":
        _check_management(entry, resource)


def _check_board(entry: Entry, resource: Resource) -> None:
    """A board shows what can be listed, and moves a card by changing its record."""
    if not resource.board:
        return
    if resource.kind != "records":
        raise entry.fault("board", f'Only records are cards. Remove it, or the kind "{resource.kind}".')
    if resource.slug in _RESERVED_BOARDS:
        raise entry.fault("board", f"The dashboard has another page called {resource.slug}. Choose another slug.")
    choices = [f.name for f in resource.fields if f.type == "single_choice"]
    if resource.board not in choices:
        known = ", ".join(choices) or "none"
        raise entry.fault("board", f'"{resource.board}" is no single choice among the fields. There is: {known}.')
    if not {"GET", "PATCH"} <= resource.methods:
        raise entry.fault("board", "Cards are listed by GET and moved by PATCH: an action has to cover each.")


def _check_management(entry: Entry, resource: Resource) -> None:
    if resource.fields:
        raise entry.fault("fields", "Management has no records, so that it has no fields. Remove them.")
    if resource.methods:
        raise entry.fault("actions", "Management has no records: its actions have operations, but no methods.")
    unknown = sorted(resource.operations - set(MANAGEMENT_OPERATIONS))
    if unknown:
        known = ", ".join(MANAGEMENT_OPERATIONS)
        raise entry.fault("actions", f'boltkeys has no operation "{unknown[0]}". Use: {known}.')


def _actions(entry: Entry, shared: Mapping[str, Entry]) -> tuple[Action, ...]:
    """The actions that the resource lists: its own definition of each, or else the one shared by all."""
    own = entry.tables("action")
    listed = entry.words("actions")
    if not listed:
        raise entry.fault("actions", 'It needs at least one, such as actions = ["read"].')
    _refuse_unused(own, listed)
    definitions = {**shared, **own}
    for slug in listed:
        if slug not in definitions:
            known = ", ".join(definitions) or "none"
            raise entry.fault(
                "actions", f'There is no action "{slug}". Define [actions.{slug}], or use one of: {known}.'
            )
    actions = tuple(_action(definitions[slug], slug) for slug in listed)
    _refuse_doubles([definitions[slug] for slug in listed], "label", [action.label for action in actions])
    _refuse_overlap(entry, actions)
    return actions


def _action(entry: Entry, slug: str) -> Action:
    entry.only("label", "description", "methods", "operations", "implies")
    action = Action(
        slug=slug,
        label=entry.label(),
        description=entry.description(),
        methods=_methods(entry),
        operations=_operations(entry),
        implies=frozenset(entry.words("implies")),
    )
    if not action.methods and not action.operations:
        raise entry.fault("", 'It covers nothing. Write methods = ["GET"], operations = ["send"], or both.')
    return action


def _methods(entry: Entry) -> frozenset[str]:
    """The methods written, and HEAD with GET, of which it is the half without a body (RFC 9110 §9.3.2)."""
    methods = entry.words("methods")
    for method in methods:
        if method == "PUT":
            raise entry.fault(
                "methods", "Records are changed by PATCH. Where PUT does something else, name an operation."
            )
        if method not in METHODS:
            raise entry.fault("methods", f'There is no "{method}". Use: {", ".join(METHODS)}.')
    if "HEAD" in methods and "GET" not in methods:
        raise entry.fault("methods", "HEAD is GET without a body. Write GET, which covers both.")
    return frozenset((*methods, "HEAD") if "GET" in methods else methods)


def _operations(entry: Entry) -> frozenset[str]:
    operations = entry.words("operations")
    for operation in operations:
        if not _OPERATION.fullmatch(operation):
            raise entry.fault("operations", f'"{operation}" is no name. Write a word such as send, or two: keys.list.')
    return frozenset(operations)


def _refuse_overlap(entry: Entry, actions: Sequence[Action]) -> None:
    """A request needs one scope: where two actions cover it, nobody could say which."""
    covered: dict[str, str] = {}
    for action in actions:
        for what in sorted(action.methods | action.operations):
            if what in covered:
                both = f'"{covered[what]}" and "{action.slug}" both cover {what}. Leave it to one of them.'
                raise entry.fault("actions", both)
            covered[what] = action.slug


def _check_implies(entry: Entry, resource: Resource) -> None:
    for action in resource.actions:
        for implied in sorted(action.implies):
            if resource.action(implied) is None:
                missing = (
                    f'"{action.slug}" implies "{implied}", which this resource does not have. List it, or remove it.'
                )
                raise entry.fault("actions", missing)
    for action in resource.actions:
        if any(action.slug in resource.implied(implied) for implied in action.implies):
            raise entry.fault(
                "actions", f'"{action.slug}" implies itself, directly or by way of others. Remove one implies.'
            )


def _fields(entry: Entry) -> tuple[Field, ...]:
    rows = entry.rows("fields")
    made = tuple(_field(row) for row in rows)
    _refuse_doubles(rows, "name", [f.name for f in made])
    _refuse_doubles(rows, "label", [f.label for f in made])
    return made


def _field(row: Entry) -> Field:
    row.only("name", "label", "type", "required", "options", "description")
    try:
        return fields.define(
            name=row.text("name", TEXT_MAX),
            label=row.label(),
            type=row.text("type", TEXT_MAX),
            required=row.flag("required"),
            options=row.words("options"),
            description=row.text("description", fields.DESCRIPTION_MAX, default=""),
        )
    except Invalid as invalid:
        first = invalid.errors[0]
        raise row.fault(first.pointer.split("/")[1], first.detail) from None
