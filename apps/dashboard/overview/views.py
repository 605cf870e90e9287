"""The first page after sign-in, and the overview of a project."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.models import User
from apps.core.resources import Resource
from apps.dashboard.access import Access, project_for, usable
from apps.dashboard.keys import chart
from apps.dashboard.keys.words import permissions
from apps.dashboard.team import words
from apps.keys import summary
from apps.projects import policy, queries
from apps.projects.policy import Right
from apps.projects.queries import scopes_of
from apps.records import queries as records
from apps.records.queries import Tally
from apps.usage import service as meter


@dataclass(frozen=True, slots=True)
class Card:
    """A resource with the records that there are of it."""

    resource: Resource
    tally: Tally


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    user = request.user
    memberships = list(queries.projects_of(user)) if isinstance(user, User) else []
    if len(memberships) == 1:
        return redirect("project", memberships[0].project.slug)
    context = {"memberships": memberships, "support_email": settings.SUPPORT_EMAIL}
    return render(request, "projects/list.html", context)


@login_required
@require_safe
def project(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug, Right.PROJECT_VIEW)
    now, scopes = timezone.now(), scopes_of(access.membership)
    context = {
        "project": access.project,
        "catalogue": access.catalogue,
        "membership": access.membership,
        "may": words.of_oneself(access.membership.role, scopes, access.catalogue),
        "own_keys": permissions(access.catalogue, scopes),
        "cards": _cards(access),
        "administrators": queries.administrators(access.project),
    }
    if policy.may(access.membership.role, Right.KEYS_MANAGE):
        context |= _keys(access, now)
    return render(request, "projects/overview.html", context)


def _cards(access: Access) -> list[Card]:
    """How much there is is told of what the member may read, and of nothing else."""
    tallies = records.tallies(access.project.id)
    stored = (r for r in usable(access.membership, access.catalogue, "GET") if r.kind == "records")
    return [Card(resource, tallies.get(resource.slug, Tally(0, None))) for resource in stored]


def _keys(access: Access, now: datetime) -> dict[str, Any]:
    meter.settle()
    hours = summary.by_hour(access.project, now, "30d")
    return {"keys": summary.of_project(access.project, now), "chart": chart.bars(hours, now, "30d")}
