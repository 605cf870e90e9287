"""A member gets another role, or leaves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.core.errors import Conflict, Missing, Refused
from apps.dashboard.access import Access, Forbidden, project_for
from apps.dashboard.forms import add_errors
from apps.dashboard.questions import question
from apps.dashboard.team.forms import RoleForm
from apps.keys import summary
from apps.projects import queries, service
from apps.projects.models import Membership
from apps.projects.policy import Right


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def role(request: HttpRequest, slug: str, member_id: str) -> HttpResponse:
    access = project_for(request, slug, Right.TEAM_MANAGE)
    member = member_in(access, member_id)
    sent = request.POST if request.method == "POST" else None
    form = RoleForm(access.catalogue, sent, initial={"role": member.role})
    if not form.is_valid():
        return _ask(request, access, member, "role", form=form, status=_status(form))
    try:
        with still_allowed(access):
            changed = service.change_role(actor=access.actor, membership=member, role=form.cleaned_data["role"])
    except Conflict as conflict:
        add_errors(form, conflict, field="role")
        return _ask(request, access, member, "role", form=form, status=HTTPStatus.CONFLICT)
    except Missing as missing:
        messages.info(request, missing.detail)
        return redirect("team", slug)
    messages.success(request, f"{member.user.label} is now {changed.get_role_display().lower()}.")
    return _back(access, member)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, slug: str, member_id: str) -> HttpResponse:
    access = project_for(request, slug, Right.TEAM_MANAGE)
    member = member_in(access, member_id)
    if request.method != "POST":
        return _ask(request, access, member, "remove")
    try:
        with still_allowed(access):
            service.remove_member(actor=access.actor, membership=member)
    except Conflict as conflict:
        return _ask(request, access, member, "remove", status=HTTPStatus.CONFLICT, error=conflict.detail)
    except Missing as missing:
        messages.info(request, missing.detail)
        return redirect("team", slug)
    messages.success(request, f"{member.user.label} is no longer in {access.project.name}.")
    return redirect("home") if member.user == access.user else redirect("team", slug)


@contextmanager
def still_allowed(access: Access) -> Iterator[None]:
    """Shows the page for those without the right when it was taken away between the question and the act."""
    try:
        yield
    except Refused as refused:
        raise Forbidden(access.project, Right.TEAM_MANAGE) from refused


def member_in(access: Access, member_id: str) -> Membership:
    """The project's membership with this ID; 404 where there is none."""
    member = queries.member(access.project, member_id)
    if member is None:
        raise Http404
    return member


def _status(form: RoleForm) -> int:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK


def _ask(
    request: HttpRequest, access: Access, member: Membership, name: str, status: int = HTTPStatus.OK, **context: Any
) -> HttpResponse:
    context |= {
        "project": access.project,
        "member": member,
        "is_oneself": member.user == access.user,
        "is_last": queries.is_last_administrator(member),
    }
    if name == "remove":
        context["keys"] = summary.of_owner(member.user, access.project, timezone.now())
    return question(request, "team", name, context, status)


def _back(access: Access, member: Membership) -> HttpResponse:
    """To the team; whoever has given up their own role may not see it any more."""
    slug = access.project.slug
    return redirect("project", slug) if member.user == access.user else redirect("team", slug)
