"""Invitations: sent, sent again, withdrawn."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.core.errors import Conflict, Invalid
from apps.dashboard.access import project_for
from apps.dashboard.forms import add_errors
from apps.dashboard.matrix import matrix
from apps.dashboard.team import page
from apps.dashboard.team.forms import InviteForm
from apps.dashboard.team.members import still_allowed
from apps.projects import invitations, queries
from apps.projects.policy import Right


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug, Right.TEAM_MANAGE)
    if request.method != "POST":
        return redirect("team", slug)
    form = InviteForm(request.POST)
    if preset := request.POST.get("preset"):
        typed = {name: request.POST.get(name, "") for name in ("email", "role")}
        return page.show(request, access, InviteForm(initial=typed), chosen=matrix([access.catalogue]).preset(preset))
    if not form.is_valid():
        return page.show(request, access, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with still_allowed(access):
            made = invitations.invite(
                actor=access.actor, project=access.project, grants=form.grants, **form.cleaned_data
            )
    except Invalid as invalid:
        add_errors(form, invalid)
        return page.show(request, access, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except Conflict as conflict:
        add_errors(form, conflict, field="email")
        return page.show(request, access, form, status=HTTPStatus.CONFLICT)
    messages.success(request, f"A mail with a link is on its way to {made.email}. It works for seven days.")
    return redirect("team", slug)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, slug: str, invitation_id: str) -> HttpResponse:
    access = project_for(request, slug, Right.TEAM_MANAGE)
    if request.method != "POST":
        return redirect("team", slug)
    invitation = queries.invitation_in(access.project, invitation_id)
    if invitation is None:
        raise Http404
    with still_allowed(access):
        row = invitations.withdraw(actor=access.actor, invitation=invitation)
    if row.outcome == "withdrawn":
        messages.success(request, f"The invitation of {row.email} is withdrawn. Its link no longer works.")
    else:
        messages.info(request, f"{row.email} has accepted the invitation already.")
    return redirect("team", slug)
