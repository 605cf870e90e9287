"""Reading projects and memberships."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.projects.models import Membership, Project, Role


def membership_of(user: User, slug: str) -> Membership | None:
    """The user's membership in the project with this slug, with the project; None for an outsider."""
    return Membership.objects.select_related("project").filter(user=user, project__slug=slug).first()


def projects_of(user: User) -> QuerySet[Membership]:
    """The user's memberships with their projects, by project name."""
    return Membership.objects.select_related("project").filter(user=user).order_by("project__name", "project_id")


def administrators(project: Project) -> QuerySet[User]:
    """Who can help a member that lacks a right."""
    return User.objects.filter(
        memberships__project=project, memberships__role=Role.ADMINISTRATOR, is_active=True
    ).order_by("email")
