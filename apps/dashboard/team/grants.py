"""What a member or partner may do with each resource: a table with presets, saved as a whole."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.core.errors import Conflict, Invalid, Missing
from apps.dashboard.access import Access, project_for
from apps.dashboard.keys.words import permissions
from apps.dashboard.matrix import PRESETS, matrix
from apps.dashboard.team import words
from apps.dashboard.team.members import member_in, still_allowed
from apps.projects import service
from apps.projects.models import Membership, Role
from apps.projects.policy import Right

CHANGED = (
    "Somebody else has changed these permissions meanwhile, and yours are not saved yet. Save again to put them in the "
    "place of what is saved now."
)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def grants(request: HttpRequest, slug: str, member_id: str) -> HttpResponse:
    access = project_for(request, slug, Right.TEAM_MANAGE)
    member = member_in(access, member_id)
    if member.role == Role.ADMINISTRATOR:
        messages.info(request, f"{member.user.label} is an administrator, and may do everything.")
        return redirect("team", slug)
    if request.method == "POST":
        return _save(request, access, member, request.POST.getlist("scope"))
    if preset := request.GET.get("preset"):
        chosen = matrix([access.catalogue]).preset(preset)
        return _ask(request, access, member, chosen, seen=request.GET.get("version", ""))
    return _ask(request, access, member, service.scopes_of(member))


def _save(request: HttpRequest, access: Access, member: Membership, scopes: list[str]) -> HttpResponse:
    seen = request.POST.get("version", "")
    try:
        with still_allowed(access):
            service.set_grants(actor=access.actor, membership=member, grants=scopes, seen=seen)
    except Conflict:
        return _changed_meanwhile(request, access, member.id, scopes)
    except Invalid as error:
        return _ask(request, access, member, scopes, seen=seen, error=error.detail, status=422)
    except Missing as missing:
        messages.info(request, missing.detail)
    else:
        messages.success(request, f"What {member.user.label} may do is saved. It holds from the next request on.")
    return redirect("team", access.project.slug)


def _changed_meanwhile(request: HttpRequest, access: Access, member_id: str, scopes: list[str]) -> HttpResponse:
    """The choice as it was made, and what somebody else has saved: saving again replaces that, knowingly."""
    member = member_in(access, member_id)
    if member.role == Role.ADMINISTRATOR:
        return redirect("member_grants", access.project.slug, member_id)
    return _ask(request, access, member, scopes, error=CHANGED, status=409)


def _ask(
    request: HttpRequest,
    access: Access,
    member: Membership,
    chosen: Collection[str],
    *,
    seen: str = "",
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    """The table with `chosen` in it. `seen` is the state on which the choice was begun, if that was before."""
    context = {
        "project": access.project,
        "member": member,
        "matrix": matrix([access.catalogue]),
        "presets": PRESETS.items(),
        "chosen": frozenset(chosen),
        "version": seen or service.state_of(member),
        "error": error,
        "boards": words.of_boards(access.catalogue),
        "now": permissions(access.catalogue, service.scopes_of(member)),
    }
    return render(request, "team/grants.html", context, status=status)
