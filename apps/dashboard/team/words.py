"""What the roles may do, in words: read off policy and catalogue, so that page and rule cannot differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from apps.core.catalogue import Catalogue, Resource
from apps.dashboard.phrases import listed
from apps.projects import policy
from apps.projects.models import Role
from apps.projects.policy import Right
from apps.records import board

RIGHTS: Mapping[Right, str] = {
    Right.PROJECT_VIEW: "see the overview",
    Right.TEAM_VIEW: "see who is in the team",
    Right.TEAM_MANAGE: "invite, change and remove people",
    Right.KEYS_MANAGE: "create, watch and revoke API keys",
    Right.WEBHOOKS_MANAGE: "have events sent to webhooks",
    Right.FIELDS_MANAGE: "configure the fields of {dynamic}",
    Right.AUDIT_VIEW: "read the audit",
}

PURPOSES: Mapping[str, str] = {
    Role.ADMINISTRATOR: "Runs the project.",
    Role.MEMBER: "Works in the project.",
    Role.PARTNER: "Belongs to another organisation that works for you.",
}

OWN_KEYS: Mapping[str, str] = {
    Role.ADMINISTRATOR: "Keys of their own, and programs signed in as them, may do everything.",
    Role.MEMBER: "Keys of their own, and programs signed in as them, may do what an administrator allows.",
    Role.PARTNER: "Keys of their own, and programs signed in as them, may do what an administrator allows.",
}


KEYS = {
    "members.list": "list the people here, with their roles and permissions",
    "members.create": "invite people, change what they may do, and remove them",
}
"""What API keys may do with the team, by an operation that stands for others like it."""


def of_boards(catalogue: Catalogue) -> str:
    """The boards that grants open, by name; "" where the catalogue has none."""
    return listed([resource.label for resource in catalogue.resources.values() if resource.board])


@dataclass(frozen=True, slots=True)
class RoleWords:
    """`may`: in the dashboard. `own_keys`: a sentence on what the API lets them do."""

    slug: str
    label: str
    purpose: str
    may: list[str]
    own_keys: str


def of_role(role: str, catalogue: Catalogue) -> RoleWords:
    """What a role is for and what it may do in a project of the catalogue."""
    far = "" if role == Role.ADMINISTRATOR else ", as far as their permissions go"
    boards = [f"{_board(each, moves=True)}{far}" for each in catalogue.resources.values() if each.board]
    return RoleWords(role, Role(role).label, PURPOSES[role], [*_rights(role, catalogue), *boards], OWN_KEYS[role])


def of_oneself(role: str, granted: Collection[str], catalogue: Catalogue) -> RoleWords:
    """The same for the reader, with what they were granted."""
    seen, changed = (policy.usable(role, granted, catalogue, method) for method in ("GET", "PATCH"))
    boards = [_board(each, moves=each in changed) for each in seen if each.board]
    return RoleWords(role, Role(role).label, PURPOSES[role], [*_rights(role, catalogue), *boards], OWN_KEYS[role])


def _board(resource: Resource, *, moves: bool) -> str:
    """`moves`: whether somebody may change the records, which moves cards where stages are changed like any field."""
    and_moves = " and move its cards" if moves and board.is_movable(resource) else ""
    return f"see the board of {resource.label}{and_moves}"


def _rights(role: str, catalogue: Catalogue) -> list[str]:
    """Rights in the dashboard; that to configure fields only where there are such fields."""
    dynamic = listed([resource.label for resource in catalogue.resources.values() if resource.dynamic])
    rights = [right for right in RIGHTS if policy.may(role, right) and (dynamic or right != Right.FIELDS_MANAGE)]
    return [RIGHTS[right].format(dynamic=dynamic) for right in rights]


@dataclass(frozen=True, slots=True)
class KeyWords:
    """`scope`: as the permission picker names it, `Members: Write`."""

    scope: str
    may: str


def of_keys(catalogue: Catalogue) -> list[KeyWords]:
    """What keys with the permission that guards the team may do; nothing where the catalogue has none."""
    found = []
    for operation, may in KEYS.items():
        resource = catalogue.guard(operation)
        action = resource.action_for("", operation) if resource else None
        if resource and action:
            found.append(KeyWords(f"{resource.label}: {action.label}", may))
    return found


def roles(catalogue: Catalogue) -> list[RoleWords]:
    """All of them, the most powerful first."""
    return [of_role(role, catalogue) for role in Role.values]
