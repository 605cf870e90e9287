"""Reading projects and memberships."""

from __future__ import annotations

from django.db.models import Case, QuerySet, When

from apps.accounts.models import User
from apps.core.errors import Missing
from apps.projects.models import Invitation, Membership, Project, Role
from apps.projects.tasks import digest


def membership_of(user: User, slug: str) -> Membership | None:
    """The user's membership in the project with this slug, with the project; None for an outsider."""
    return Membership.objects.select_related("project").filter(user=user, project__slug=slug).first()


def projects_of(user: User) -> QuerySet[Membership]:
    """The user's memberships with their projects, by project name."""
    return Membership.objects.select_related("project").filter(user=user).order_by("project__name", "project_id")


def reach_of(user: User) -> QuerySet[Membership]:
    """The same with the grants: where keys of the user's own reach, and what they may do there."""
    return projects_of(user).prefetch_related("grants")


def administrators(project: Project) -> QuerySet[User]:
    """Who can help a member that lacks a right."""
    return User.objects.filter(
        memberships__project=project, memberships__role=Role.ADMINISTRATOR, is_active=True
    ).order_by("email")


def members(project: Project) -> QuerySet[Membership]:
    """Everybody in the project: administrators first, then by address; grants prefetched."""
    rank = Case(When(role=Role.ADMINISTRATOR, then=0), When(role=Role.MEMBER, then=1), default=2)
    found = Membership.objects.select_related("user", "project").filter(project=project)
    return found.order_by(rank, "user__email").prefetch_related("grants")


def member(project: Project, membership_id: str) -> Membership | None:
    """The project's membership with this ID."""
    return Membership.objects.select_related("user", "project").filter(project=project, pk=membership_id).first()


def open_invitations(project: Project) -> QuerySet[Invitation]:
    """Invitations that nobody has accepted or withdrawn, expired ones among them, the newest first."""
    return Invitation.objects.filter(project=project, closed_at=None).order_by("-expires_at", "email")


def invitation_in(project: Project, invitation_id: str) -> Invitation | None:
    """The project's invitation with this ID, in whatever state."""
    return Invitation.objects.select_related("project").filter(project=project, pk=invitation_id).first()


def invitation_by_token(token: str) -> Invitation | None:
    """The invitation, in whatever state, whose latest link has this token."""
    return Invitation.objects.select_related("project").filter(digest=digest(token)).first()


def project_with_slug(slug: str) -> Project:
    """The project with this slug. Raises `Missing`. For operators only."""
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise Missing(f"There is no project with the slug {slug!r}.")
    return project
