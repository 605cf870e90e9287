"""Rotate a key: the question, as a page or a dialog, and the act, which shows the successor's secret."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.errors import Conflict, Invalid, Refused
from apps.dashboard.access import Access, project_for
from apps.dashboard.forms import add_errors
from apps.dashboard.keys import rotation
from apps.dashboard.keys.ending import key_for
from apps.dashboard.keys.reveal import reveal
from apps.dashboard.keys.rotation import RotateForm
from apps.dashboard.questions import question
from apps.keys import service
from apps.projects.policy import Right


@login_required
@require_safe
def confirm(request: HttpRequest, slug: str, key_id: str) -> HttpResponse:
    access = project_for(request, slug, Right.KEYS_MANAGE)
    return _ask(request, access, key_id, RotateForm())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables()
def perform(request: HttpRequest, slug: str, key_id: str) -> HttpResponse:
    access = project_for(request, slug, Right.KEYS_MANAGE)
    if request.method != "POST":
        return redirect("key_rotate", slug, key_id)
    key, form, status = key_for(access, key_id), RotateForm(request.POST), 422
    if form.is_valid():
        try:
            new = service.rotate_key(actor=access.actor, key=key, grace=form.cleaned_data["grace"])
            return reveal(request, access, new)
        except Invalid as error:
            add_errors(form, error)
        except Conflict:
            status = 409
        except Refused:
            status = 403
    return _ask(request, access, key_id, form, status)


def _ask(request: HttpRequest, access: Access, key_id: str, form: RotateForm, status: int = 200) -> HttpResponse:
    """The key as it is now: when it cannot be rotated, the page says why and what to do instead."""
    key = key_for(access, key_id)
    context = {"project": access.project, **rotation.context(key, access.user, form)}
    return question(request, "keys", "rotate", context, status)
