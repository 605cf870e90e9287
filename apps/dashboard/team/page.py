"""Who is in the project, who is invited, and what the roles may do."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.dashboard.access import Access, project_for
from apps.dashboard.keys.words import Permission, permissions
from apps.dashboard.team import words
from apps.dashboard.team.forms import InviteForm
from apps.dashboard.team.grants import table
from apps.projects import policy, queries
from apps.projects.models import Invitation, Membership, Role
from apps.projects.policy import Right
from apps.projects.queries import scopes_of


@login_required
@require_safe
def team(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug, Right.TEAM_VIEW)
    return show(request, access, InviteForm())


def show(
    request: HttpRequest,
    access: Access,
    form: InviteForm,
    *,
    chosen: Collection[str] | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """The page, with the form for an invitation as it was sent, or with the scopes that were `chosen` by a preset."""
    manages = policy.may(access.membership.role, Right.TEAM_MANAGE)
    context = {
        "project": access.project,
        "user": access.user,
        "members": [(m, _own_keys(access, m)) for m in queries.members(access.project)],
        "manages": manages,
        "roles": words.roles(access.catalogue),
        "keys": words.of_keys(access.catalogue),
        "form": form,
        "chosen": form.chosen if chosen is None else chosen,
        "is_choosing": chosen is not None,
        "invitations": _invitations(access) if manages else [],
    }
    if manages:
        context |= table(access)
    return render(request, "team/team.html", context, status=status)


def _invitations(access: Access) -> list[tuple[Invitation, str, list[Permission]]]:
    now, catalogue = timezone.now(), access.catalogue
    return [(i, i.state(now), permissions(catalogue, i.grants)) for i in queries.open_invitations(access.project)]


def _own_keys(access: Access, member: Membership) -> list[Permission]:
    """What keys of the member's own may do here. For an administrator that is everything, and needs no list."""
    return [] if member.role == Role.ADMINISTRATOR else permissions(access.catalogue, scopes_of(member))
