"""Who may do what in the dashboard: the whole table."""

from __future__ import annotations

from enum import StrEnum

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
