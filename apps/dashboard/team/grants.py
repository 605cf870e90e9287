"""What a member or partner may do with each resource: a table with presets, saved as a whole.

Somebody who is invited has one too, which becomes theirs as they accept.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.core.errors import Conflict, Invalid, Missing
from apps.dashboard.access import Access, project_for
from apps.dashboard.keys.words import inclusion, permissions
from apps.dashboard.matrix import PRESETS, matrix
from apps.dashboard.team import words
from apps.dashboard.team.members import member_in, still_allowed
from apps.projects import invitations, queries, service
from apps.projects.models import Invitation, Membership, Role
from apps.projects.policy import Right

CHANGED = (
    "Somebody else has changed these permissions meanwhile, and yours are not saved yet. Save again to put them in the "
    "place of what is saved now."
)


@dataclass(frozen=True, slots=True)
class Person:
    """Whose permissions they are. `path`: of the page about them."""

    row: Membership | Invitation
    label: str
    path: str

    @property
    def is_invited(self) -> bool:
        return isinstance(self.row, Invitation)

    @property
    def scopes(self) -> Collection[str]:
        return self.row.grants if isinstance(self.row, Invitation) else queries.scopes_of(self.row)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def grants(request: HttpRequest, slug: str, member_id: str) -> HttpResponse:
    access = project_for(request, slug, Right.TEAM_MANAGE)
    return _show_or_save(request, access, _member(access, member_id))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invited(request: HttpRequest, slug: str, invitation_id: str) -> HttpResponse:
    access = project_for(request, slug, Right.TEAM_MANAGE)
    return _show_or_save(request, access, _invited(access, invitation_id))


def table(access: Access) -> dict[str, Any]:
    """What the table of permissions is made from (templates/components/matrix.html)."""
    return {
        "matrix": matrix([access.catalogue]),
        "presets": PRESETS.items(),
        "inclusion": inclusion(access.catalogue),
        "boards": words.of_boards(access.catalogue),
    }


def _member(access: Access, member_id: str) -> Person:
    member = member_in(access, member_id)
    return Person(member, member.user.label, reverse("member_grants", args=(access.project.slug, member_id)))


def _invited(access: Access, invitation_id: str) -> Person:
    """Whoever is invited, also by a link that has expired; 404 once the invitation is closed."""
    row = queries.open_invitation_in(access.project, invitation_id)
    if row is None:
        raise Http404
    return Person(row, row.email, reverse("invitation_grants", args=(access.project.slug, invitation_id)))


def _show_or_save(request: HttpRequest, access: Access, person: Person) -> HttpResponse:
    if person.row.role == Role.ADMINISTRATOR:
        as_whom = "is invited as an administrator" if person.is_invited else "is an administrator"
        messages.info(request, f"{person.label} {as_whom}, and may do everything.")
        return redirect("team", access.project.slug)
    if request.method == "POST":
        return _save(request, access, person, request.POST.getlist("scope"))
    if preset := request.GET.get("preset"):
        chosen = matrix([access.catalogue]).preset(preset)
        return _ask(request, access, person, chosen, seen=request.GET.get("version", ""))
    return _ask(request, access, person, person.scopes)


def _save(request: HttpRequest, access: Access, person: Person, scopes: list[str]) -> HttpResponse:
    seen = request.POST.get("version", "")
    try:
        with still_allowed(access):
            _set(access, person.row, scopes, seen)
    except Conflict:
        return _changed_meanwhile(request, access, person, scopes)
    except Invalid as error:
        return _ask(request, access, person, scopes, seen=seen, error=error.detail, status=422)
    except Missing as missing:
        messages.info(request, missing.detail)
    else:
        holds = "from the moment they accept" if person.is_invited else "from the next request on"
        messages.success(request, f"What {person.label} may do is saved. It holds {holds}.")
    return redirect("team", access.project.slug)


def _set(access: Access, row: Membership | Invitation, scopes: list[str], seen: str) -> None:
    if isinstance(row, Invitation):
        invitations.set_grants(actor=access.actor, invitation=row, grants=scopes, seen=seen)
    else:
        service.set_grants(actor=access.actor, membership=row, grants=scopes, seen=seen)


def _changed_meanwhile(request: HttpRequest, access: Access, person: Person, scopes: list[str]) -> HttpResponse:
    """The choice as it was made, and what somebody else has saved: saving again replaces that, knowingly."""
    now = _invited(access, person.row.id) if person.is_invited else _member(access, person.row.id)
    if now.row.role == Role.ADMINISTRATOR:
        return redirect(now.path)
    return _ask(request, access, now, scopes, error=CHANGED, status=409)


def _ask(
    request: HttpRequest,
    access: Access,
    person: Person,
    chosen: Collection[str],
    *,
    seen: str = "",
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    """The table with `chosen` in it. `seen` is the state on which the choice was begun, if that was before."""
    context = table(access) | {
        "project": access.project,
        "person": person,
        "chosen": frozenset(chosen),
        "version": seen or queries.state_of(person.row),
        "error": error,
        "now": permissions(access.catalogue, person.scopes),
    }
    return render(request, "team/grants.html", context, status=status)
