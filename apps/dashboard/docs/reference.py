"""What a catalogue lets keys do, as the documentation lists it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.core.catalogue import METHODS, Action, Catalogue, Resource
from apps.core.fields import TYPES, Field


@dataclass(frozen=True, slots=True)
class Permission:
    """`covers`: methods and operations. `includes`: scopes that come with it."""

    scope: str
    label: str
    description: str
    covers: Sequence[str]
    includes: Sequence[str]


@dataclass(frozen=True, slots=True)
class FieldWords:
    field: Field
    type: str


@dataclass(frozen=True, slots=True)
class Entry:
    resource: Resource
    permissions: Sequence[Permission]
    fields: Sequence[FieldWords]


@dataclass(frozen=True, slots=True)
class Group:
    """`label` is empty where the catalogue has no groups, and for what is in none."""

    label: str
    entries: Sequence[Entry]


def groups(catalogue: Catalogue) -> list[Group]:
    """All resources, by group: first those that are in none."""
    labels = {"": "", **{group.slug: group.label for group in catalogue.groups}}
    found = [
        Group(label, [_entry(r) for r in catalogue.resources.values() if r.group == slug])
        for slug, label in labels.items()
    ]
    return [group for group in found if group.entries]


def managed(catalogue: Catalogue) -> list[Resource]:
    """The resources by which keys are let in to the management of keys, webhooks or people."""
    return [resource for resource in catalogue.resources.values() if resource.kind == "management"]


def includes_others(catalogue: Catalogue) -> bool:
    """Whether some action comes with another one, as writing does with reading."""
    return any(action.implies for resource in catalogue.resources.values() for action in resource.actions)


def _entry(resource: Resource) -> Entry:
    permissions = [_permission(resource, action) for action in resource.actions]
    return Entry(resource, permissions, [FieldWords(field, TYPES[field.type]) for field in resource.fields])


def _permission(resource: Resource, action: Action) -> Permission:
    methods = [method for method in METHODS if method in action.methods and method != "HEAD"]
    included = [f"{resource.slug}:{a.slug}" for a in resource.actions if a.slug in action.implies]
    scope = f"{resource.slug}:{action.slug}"
    return Permission(scope, action.label, action.description, [*methods, *sorted(action.operations)], included)
