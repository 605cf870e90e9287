"""Reading projects and memberships."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from django.db.models import Case, Q, QuerySet, When

from apps.accounts.models import User
from apps.core.errors import Missing
from apps.projects.models import Invitation, Membership, Project, Role
from apps.projects.tasks import digest

Row = TypeVar("Row", Membership, Invitation)

Place = tuple[datetime, str]
"""When the row before it in a list was created, and its ID."""


def membership_of(user: User, slug: str) -> Membership | None:
    """The user's membership in the project with this slug, with the project; None for an outsider."""
    return Membership.objects.select_related("project").filter(user=user, project__slug=slug).first()


def projects_of(user: User) -> QuerySet[Membership]:
    """The user's memberships with their projects, by project name."""
    return Membership.objects.select_related("project").filter(user=user).order_by("project__name", "project_id")


def reach_of(user: User) -> QuerySet[Membership]:
    """The same with the grants: where keys of the user's own reach, and what they may do there."""
    return projects_of(user).prefetch_related("grants")


def projects_without(known: Iterable[str]) -> QuerySet[Project]:
    """The projects whose catalogue is none of these."""
    return Project.objects.exclude(catalogue__in=list(known)).order_by("slug")


def administrators(project: Project) -> QuerySet[User]:
    """Who can help a member that lacks a right."""
    return User.objects.filter(
        memberships__project=project, memberships__role=Role.ADMINISTRATOR, is_active=True
    ).order_by("email")


def is_last_administrator(membership: Membership) -> bool:
    """Whether nobody could run the project if this member lost the role: no other administrator can sign in."""
    others = Membership.objects.filter(project=membership.project, role=Role.ADMINISTRATOR, user__is_active=True)
    return membership.role == Role.ADMINISTRATOR and not others.exclude(pk=membership.pk).exists()


def members(project: Project) -> QuerySet[Membership]:
    """Everybody in the project: administrators first, then by address; grants prefetched."""
    rank = Case(When(role=Role.ADMINISTRATOR, then=0), When(role=Role.MEMBER, then=1), default=2)
    found = Membership.objects.select_related("user", "project").filter(project=project)
    return found.order_by(rank, "user__email").prefetch_related("grants")


def member(project: Project, membership_id: str) -> Membership | None:
    """The project's membership with this ID."""
    return Membership.objects.select_related("user", "project").filter(project=project, pk=membership_id).first()


def newest(project: Project, status: str, count: int, before: Place | None) -> list[Membership] | list[Invitation]:
    """At most so many members, or open invitations for `invited`, the newest first, from a place in the list on.

    `status`: `active`, `disabled`, `invited`, or "" for all members.
    """
    if status == "invited":
        return list(_earlier(open_invitations(project), before)[:count])
    found = members(project)
    if status:
        found = found.filter(user__is_active=status == "active")
    return list(_earlier(found, before)[:count])


def _earlier(found: QuerySet[Row], before: Place | None) -> QuerySet[Row]:
    if before:
        moment, row_id = before
        found = found.filter(Q(created_at__lt=moment) | Q(created_at=moment, id__lt=row_id))
    return found.order_by("-created_at", "-id")


def role_of(user: User, project: Project) -> str | None:
    """The user's role in the project; None for an outsider."""
    return Membership.objects.filter(user=user, project=project).values_list("role", flat=True).first()


def open_invitations(project: Project) -> QuerySet[Invitation]:
    """Invitations that nobody has accepted or withdrawn, expired ones among them, the newest first."""
    return Invitation.objects.filter(project=project, closed_at=None).order_by("-expires_at", "email")


def invitation_in(project: Project, invitation_id: str) -> Invitation | None:
    """The project's invitation with this ID, in whatever state."""
    return Invitation.objects.select_related("project").filter(project=project, pk=invitation_id).first()


def open_invitation_in(project: Project, invitation_id: str) -> Invitation | None:
    """The project's invitation with this ID, as long as nobody has accepted or withdrawn it."""
    return open_invitations(project).select_related("project").filter(pk=invitation_id).first()


def invitation_by_token(token: str) -> Invitation | None:
    """The invitation, in whatever state, whose latest link has this token."""
    return Invitation.objects.select_related("project").filter(digest=digest(token)).first()


def project_with_slug(slug: str) -> Project:
    """The project with this slug. Raises `Missing`. For operators only."""
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise Missing(f"There is no project with the slug {slug!r}.")
    return project


def scopes_of(membership: Membership) -> tuple[str, ...]:
    """What the membership was granted, sorted. An administrator may do everything whatever is written here."""
    return tuple(sorted(grant.scope for grant in membership.grants.all()))


def state_of(row: Membership | Invitation) -> str:
    """Role and grants in a few characters, which are others as soon as one of them changes."""
    scopes = sorted(row.grants) if isinstance(row, Invitation) else scopes_of(row)
    return hashlib.sha256(" ".join((row.role, *scopes)).encode()).hexdigest()[:32]
