"""Who may do what in the dashboard: the whole table."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from apps.core import grants
from apps.core.catalogue import Catalogue
from apps.core.resources import Resource
from apps.projects.models import Role


class Right(StrEnum):
    PROJECT_VIEW = "project.view"
    TEAM_VIEW = "team.view"
    TEAM_MANAGE = "team.manage"
    KEYS_MANAGE = "keys.manage"
    WEBHOOKS_MANAGE = "webhooks.manage"
    FIELDS_MANAGE = "fields.manage"
    AUDIT_VIEW = "audit.view"


POLICY: dict[str, frozenset[Right]] = {
    Role.ADMINISTRATOR: frozenset(Right),
    Role.MEMBER: frozenset({Right.PROJECT_VIEW, Right.TEAM_VIEW}),
    Role.PARTNER: frozenset({Right.PROJECT_VIEW}),
}


def may(role: str, right: Right) -> bool:
    """Whether a membership with `role` has `right`. A role that the table does not know has none."""
    return right in POLICY.get(role, frozenset())


def may_use(role: str, granted: Collection[str], catalogue: Catalogue, scope: str) -> bool:
    """Whether somebody with `role` and these grants may do with records what `scope` says (`opportunities:read`).

    The same holds for keys of their own: what somebody may do does not depend on whether a page or a program does it.
    """
    return role == Role.ADMINISTRATOR or grants.permits(catalogue, granted, scope)


def usable(role: str, granted: Collection[str], catalogue: Catalogue, method: str) -> list[Resource]:
    """The resources with whose records they may do what `method` does by the API: `GET` for what may be seen.

    In the catalogue's order. What no action of the catalogue covers, nobody may do.
    """
    needed = [(resource, resource.action_for(method)) for resource in catalogue.resources.values()]
    return [
        resource
        for resource, action in needed
        if action and may_use(role, granted, catalogue, f"{resource.slug}:{action.slug}")
    ]
