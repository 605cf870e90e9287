"""Revoke a key: the question, as a page or a dialog, and the act."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_safe

from apps.dashboard.access import Access, project_for
from apps.dashboard.keys import words
from apps.dashboard.keys.forms import RevokeForm
from apps.keys import queries, service
from apps.keys.models import Key, Status
from apps.projects.policy import Right
from apps.usage import queries as usage
from apps.usage import service as meter


@login_required
@require_safe
def confirm(request: HttpRequest, slug: str, key_id: str) -> HttpResponse:
    access = project_for(request, slug, Right.KEYS_MANAGE)
    return _ask(request, access, _key(access, key_id), RevokeForm())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def perform(request: HttpRequest, slug: str, key_id: str) -> HttpResponse:
    access = project_for(request, slug, Right.KEYS_MANAGE)
    if request.method != "POST":
        return redirect("key_revoke", slug, key_id)
    key = _key(access, key_id)
    form = RevokeForm(request.POST)
    if not form.is_valid():
        return _ask(request, access, key, form, status=422)
    if key.status(timezone.now()) != Status.ACTIVE:
        messages.info(request, f"“{key.name}” had ended before. Nothing has changed.")
        return redirect("keys", slug)
    service.revoke_key(actor=access.actor, key=key, reason=form.cleaned_data["text"])
    messages.success(request, f"“{key.name}” is revoked. Every request with it is refused from now on.")
    return redirect("keys", slug)


def _key(access: Access, key_id: str) -> Key:
    key = queries.key_in(access.project, key_id)
    if key is None:
        raise Http404
    return key


def _ask(request: HttpRequest, access: Access, key: Key, form: RevokeForm, status: int = 200) -> HttpResponse:
    now = timezone.now()
    meter.settle()
    context = {
        "project": access.project,
        "key": key,
        "form": form,
        "is_active": key.status(now) == Status.ACTIVE,
        "permissions": words.permissions(access.catalogue, key.scopes),
        "usage": usage.total(key.id, now),
    }
    template = "keys/_revoke.html" if request.headers.get("HX-Request") else "keys/revoke.html"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
