"""Levels: where the actions of a resource include one another, a key is given one of them, or no access."""

from __future__ import annotations

from collections.abc import Collection

from apps.core.catalogue import Catalogue, Resource
from apps.core.resources import Action


def has_levels(catalogue: Catalogue) -> bool:
    """Whether a key of the catalogue does everything, or has one level for each resource.

    So it is where unrestricted keys are allowed and the actions of each resource are a chain: the first alone, the
    second with the first, and so on. Such keys are *Restricted* or *Unrestricted* at a glance, and are deleted.
    """
    resources = catalogue.resources.values()
    return (
        catalogue.unrestricted
        and all(_is_chain(resource) for resource in resources)
        and any(len(resource.actions) > 1 for resource in resources)
    )


def levels(resource: Resource) -> tuple[Action, ...]:
    """The actions of a chain, the least first."""
    return tuple(sorted(resource.actions, key=lambda action: len(resource.implied(action.slug))))


def chosen(resource: Resource, scopes: Collection[str]) -> str:
    """The scope of the highest level among the scopes, or "" for no access."""
    held = [scope for scope in (f"{resource.slug}:{level.slug}" for level in levels(resource)) if scope in scopes]
    return held[-1] if held else ""


def _is_chain(resource: Resource) -> bool:
    """With sizes of 1, 2, … n there is no room for an action beside the others."""
    sizes = sorted(len(resource.implied(action.slug)) for action in resource.actions)
    return sizes == list(range(1, len(sizes) + 1))
