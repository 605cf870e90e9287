"""Fetch and authorise in one call: a view cannot have the project without the right to it."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from apps.accounts.models import User
from apps.core.actor import Actor
from apps.core.catalogue import Catalogue
from apps.core.client import client_ip
from apps.core.resources import Resource
from apps.projects import catalogues, policy, queries
from apps.projects.models import Membership, Project, Role
from apps.projects.policy import Right
from apps.projects.queries import scopes_of

__all__ = ["Access", "actor_of", "login_required", "project_for", "usable"]


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody in a project, with the right that was asked for."""

    project: Project
    membership: Membership
    user: User
    actor: Actor

    @property
    def catalogue(self) -> Catalogue:
        return catalogues.get(self.project.catalogue)


class Forbidden(PermissionDenied):
    """A member without the right: the page names the administrators who can help.

    `needs` is the permission on records that is missing, as the Team page names it; "" where the role decides.
    """

    def __init__(self, project: Project, right: Right, needs: str = "") -> None:
        super().__init__(right)
        self.project = project
        self.right = right
        self.needs = needs


def project_for(request: HttpRequest, slug: str, right: Right) -> Access:
    """The project, for a signed-in user with `right`; 404 for outsiders, 403 for members without it."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    membership = queries.membership_of(user, slug)
    if membership is None:
        raise Http404
    if not policy.may(membership.role, right):
        raise Forbidden(membership.project, right)
    return Access(membership.project, membership, user, actor_of(request, user))


def usable(membership: Membership, catalogue: Catalogue, method: str) -> list[Resource]:
    """`policy.usable` for the member. One query, but for administrators, who may do everything."""
    granted = () if membership.role == Role.ADMINISTRATOR else scopes_of(membership)
    return policy.usable(membership.role, granted, catalogue, method)


def actor_of(request: HttpRequest, user: User) -> Actor:
    """The user as the cause of a change."""
    ip = client_ip(request.META, settings.TRUSTED_PROXIES)
    return Actor("user", str(user.pk), user.email, ip, request.META.get("boltkeys.request_id"))


def visitor_of(request: HttpRequest) -> Actor:
    """Somebody who has not signed in, as the cause of what is recorded."""
    ip = client_ip(request.META, settings.TRUSTED_PROXIES)
    return Actor("system", "visitor", "somebody not signed in", ip, request.META.get("boltkeys.request_id"))
