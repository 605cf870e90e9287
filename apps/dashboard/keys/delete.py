"""Delete a key: the question, as a page or a dialog, and the act."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from apps.dashboard.access import project_for
from apps.dashboard.keys.ending import is_active, key_for, question
from apps.keys import service
from apps.projects.policy import Right


@login_required
@require_safe
def confirm(request: HttpRequest, slug: str, key_id: str) -> HttpResponse:
    access = project_for(request, slug, Right.KEYS_MANAGE)
    return question(request, access, key_for(access, key_id), "delete")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def perform(request: HttpRequest, slug: str, key_id: str) -> HttpResponse:
    access = project_for(request, slug, Right.KEYS_MANAGE)
    if request.method != "POST":
        return redirect("key_delete", slug, key_id)
    key = key_for(access, key_id)
    if not is_active(key):
        messages.info(request, f"“{key.name}” had ended before. Nothing has changed.")
        return redirect("keys", slug)
    service.delete_key(actor=access.actor, key=key)
    messages.success(request, f"“{key.name}” is deleted. Every request with it is refused from now on.")
    return redirect("keys", slug)
