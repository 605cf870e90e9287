"""What the roles may do, in words: read off the policy, so that page and rule cannot differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.projects import policy
from apps.projects.models import Role
from apps.projects.policy import Right

RIGHTS: Mapping[Right, str] = {
    Right.PROJECT_VIEW: "see the overview",
    Right.TEAM_VIEW: "see who is in the team",
    Right.TEAM_MANAGE: "invite, change and remove people",
    Right.KEYS_MANAGE: "create, watch and revoke API keys",
    Right.WEBHOOKS_MANAGE: "have events sent to webhooks",
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


@dataclass(frozen=True, slots=True)
class RoleWords:
    """`may`: in the dashboard. `own_keys`: a sentence on what the API lets them do."""

    slug: str
    label: str
    purpose: str
    may: list[str]
    own_keys: str


def of_role(role: str) -> RoleWords:
    """What a role is for and what it may do."""
    may = [words for right, words in RIGHTS.items() if policy.may(role, right)]
    return RoleWords(role, Role(role).label, PURPOSES[role], may, OWN_KEYS[role])


def roles() -> list[RoleWords]:
    """All of them, the most powerful first."""
    return [of_role(role) for role in Role.values]
