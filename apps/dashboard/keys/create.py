"""Create API key: name → expiry → permissions → review, then the one page that shows the secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from apps.core import ids
from apps.core.errors import Conflict, Invalid
from apps.core.times import rfc3339
from apps.dashboard.access import Access, project_for
from apps.dashboard.keys import words
from apps.dashboard.keys.draft import CUSTOM, LIVES, NEVER, STEPS, Draft, Fault, fault, first_fault
from apps.dashboard.keys.levels import has_levels
from apps.dashboard.keys.picker import picker
from apps.dashboard.keys.reveal import reveal
from apps.keys import queries, rules, service
from apps.keys.service import NewKey
from apps.projects.policy import Right

_FORM_ID = re.compile(r"form_[0-9A-Za-z]{22}")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug, Right.KEYS_MANAGE)
    if request.method == "POST":
        return _typed(request, access)
    draft = Draft.of(request.GET)
    if preset := request.GET.get("preset"):
        return _step(request, access, picker(access.catalogue).preset(draft, preset), asked="permissions")
    asked = _asked(request.GET)
    wrong = first_fault(draft, access.project, timezone.now(), before=asked)
    return _step(request, access, draft, asked=asked, wrong=wrong)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables()
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug, Right.KEYS_MANAGE)
    if request.method != "POST":
        return redirect("key_new", slug)
    draft, form_id = Draft.of(request.POST), _form_id(request)
    if form_id and queries.key_of_form(access.project, form_id):
        return _created_already(request, access, form_id)
    wrong = first_fault(draft, access.project, timezone.now(), before="review")
    if wrong or not form_id:
        return _step(request, access, draft, asked="review", wrong=wrong, status=422)
    try:
        new = _create(access, draft, form_id)
    except Conflict:
        return _created_already(request, access, form_id)
    except Invalid as error:
        return _step(request, access, draft, asked="review", wrong=fault(error), status=422)
    return reveal(request, access, new)


def _form_id(request: HttpRequest) -> str:
    """The ID that the review gave to its form, or "" for what is none."""
    sent = request.POST.get("form_id", "")
    return sent if _FORM_ID.fullmatch(sent) else ""


def _typed(request: HttpRequest, access: Access) -> HttpResponse:
    """What was typed, in the address of the next step; or the same step again, for what may not fit an address."""
    draft, asked = Draft.of(request.POST), _asked(request.POST)
    wrong = first_fault(draft, access.project, timezone.now(), before=asked)
    if wrong:
        return _step(request, access, draft, asked=asked, wrong=wrong, status=422)
    return redirect(f"{reverse('key_new', args=[access.project.slug])}?{draft.query(asked)}")


def _asked(data: QueryDict) -> str:
    asked = data.get("step", "name")
    return asked if asked in STEPS else "name"


def _create(access: Access, draft: Draft, form_id: str) -> NewKey:
    return service.create_key(
        actor=access.actor,
        project=access.project,
        name=draft.name,
        scopes=draft.granted,
        unrestricted=draft.is_unrestricted,
        expires_at=draft.expires_at(timezone.now()),
        form_id=form_id,
    )


def _step(
    request: HttpRequest, access: Access, draft: Draft, *, asked: str, wrong: Fault | None = None, status: int = 200
) -> HttpResponse:
    """The step that was asked for, or an earlier one with what is wrong there."""
    now = timezone.now()
    shown = wrong.step if wrong else asked
    context: dict[str, Any] = {
        "project": access.project,
        "draft": draft,
        "step": shown,
        "progress": _progress(draft, shown),
        "messages_of_step": wrong.messages if wrong else (),
        "carried": draft.carried(shown),
        "has_levels": has_levels(access.catalogue),
        **_CONTEXT[shown](access, draft, now),
    }
    return render(request, f"keys/new_{shown}.html", context, status=status)


def _progress(draft: Draft, shown: str) -> list[dict[str, Any]]:
    """The steps in their order; those before the one that is shown are links."""
    at = list(STEPS).index(shown)
    return [
        {"label": label, "query": draft.query(slug), "is_done": i < at, "is_current": i == at}
        for i, (slug, label) in enumerate(STEPS.items())
    ]


def _name_context(access: Access, draft: Draft, now: datetime) -> dict[str, Any]:
    return {}


def _expiry_context(access: Access, draft: Draft, now: datetime) -> dict[str, Any]:
    choices = [(NEVER, "No expiry", None), *((slug, label, now + life) for slug, (label, life) in LIVES.items())]
    return {"choices": choices, "custom": CUSTOM, "typed": draft.typed_here()}


def _permissions_context(access: Access, draft: Draft, now: datetime) -> dict[str, Any]:
    return {"picker": picker(access.catalogue, frozenset(draft.scopes))}


def _review_context(access: Access, draft: Draft, now: datetime) -> dict[str, Any]:
    expires_at = draft.expires_at(now)
    return {
        "name": rules.clean_name(draft.name),
        "expires_at": expires_at,
        "exact": rfc3339(expires_at) or "",
        "permissions": words.permissions(access.catalogue, draft.scopes),
        "inclusion": words.inclusion(access.catalogue),
        "rate_limit": access.catalogue.rate_limit,
        "form_id": ids.new_id("form"),
        "queries": {slug: draft.query(slug) for slug in STEPS},
    }


_CONTEXT: Mapping[str, Any] = {
    "name": _name_context,
    "expiry": _expiry_context,
    "permissions": _permissions_context,
    "review": _review_context,
}


def _created_already(request: HttpRequest, access: Access, form_id: str) -> HttpResponse:
    key = queries.key_of_form(access.project, form_id)
    context = {"project": access.project, "key": key, "has_levels": has_levels(access.catalogue)}
    return render(request, "keys/created_already.html", context, status=409)
