"""Revoke a key: the question, as a page or a dialog, and the act."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from apps.dashboard.access import Access, project_for
from apps.dashboard.keys.ending import is_active, key_for, question
from apps.dashboard.keys.forms import RevokeForm
from apps.dashboard.keys.levels import has_levels
from apps.keys import service
from apps.projects.policy import Right


@login_required
@require_safe
def confirm(request: HttpRequest, slug: str, key_id: str) -> HttpResponse:
    access = _access(request, slug)
    return question(request, access, key_for(access, key_id), "revoke", form=RevokeForm())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def perform(request: HttpRequest, slug: str, key_id: str) -> HttpResponse:
    access = _access(request, slug)
    if request.method != "POST":
        return redirect("key_revoke", slug, key_id)
    key = key_for(access, key_id)
    form = RevokeForm(request.POST)
    if not form.is_valid():
        return question(request, access, key, "revoke", status=422, form=form)
    if not is_active(key):
        messages.info(request, f"“{key.name}” had ended before. Nothing has changed.")
        return redirect("keys", slug)
    service.revoke_key(actor=access.actor, key=key, reason=form.cleaned_data["text"])
    messages.success(request, f"“{key.name}” is revoked. Every request with it is refused from now on.")
    return redirect("keys", slug)


def _access(request: HttpRequest, slug: str) -> Access:
    """Where keys have levels they are deleted, and nothing is revoked."""
    access = project_for(request, slug, Right.KEYS_MANAGE)
    if has_levels(access.catalogue):
        raise Http404
    return access
