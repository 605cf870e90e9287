"""Who changes a team waits for whom, and who may not change it any more once they are through."""

from __future__ import annotations

from uuid import UUID

from apps.core.actor import Actor
from apps.core.errors import Missing, Refused
from apps.projects import giving, policy
from apps.projects.models import Membership, Project
from apps.projects.policy import Right


def lock_team(project: Project, actor: Actor, ask: giving.Ask | None = None) -> None:
    """From here to the commit nobody else changes this team. A user who may not manage it any more is refused, and so
    is a key of which nobody says what it can give.

    The page has asked already; but two administrators can remove each other at the same moment.
    """
    lock(project)
    if actor.kind == "key" and ask is None:
        raise Refused("A key cannot do this.")
    if actor.kind == "user" and not _manages_team(project, actor.id):
        raise Refused("You are not an administrator of this project any more.")


def lock_member(membership: Membership, actor: Actor, ask: giving.Ask | None = None) -> Membership:
    """The membership as it is now, with the team locked. Raises `Missing`, `Refused`."""
    lock_team(membership.project, actor, ask)
    row = Membership.objects.select_related("project", "user").filter(pk=membership.pk).first()
    if row is None:
        raise Missing("This person is not in the project any more.")
    return row


def lock(project: Project) -> None:
    """The same for somebody who changes nothing but their own membership."""
    # NO KEY: keys and records of the project can be written meanwhile.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _manages_team(project: Project, user_id: str) -> bool:
    try:
        memberships = Membership.objects.filter(project=project, user_id=UUID(user_id), user__is_active=True)
    except ValueError:
        return False
    return any(policy.may(membership.role, Right.TEAM_MANAGE) for membership in memberships)
