"""A key of one's own is made, and its secret shown once; or it is deleted."""

from __future__ import annotations

import re

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.core import ids
from apps.core.errors import Conflict, Invalid
from apps.dashboard.access import actor_of
from apps.dashboard.forms import add_errors
from apps.dashboard.mykeys import reach
from apps.dashboard.mykeys.forms import KeyForm
from apps.dashboard.mykeys.page import Area, area_of, reveal, show, user_of
from apps.dashboard.questions import question
from apps.keys import queries, service
from apps.keys.models import Key
from apps.keys.service import NewKey
from apps.usage import queries as usage
from apps.usage import service as meter

_FORM_ID = re.compile(r"form_[0-9A-Za-z]{22}")
ALREADY = "This key was made already, and its secret shown once. Delete it and make another if you did not keep it."


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables()
def generate(request: HttpRequest) -> HttpResponse:
    user, area = user_of(request), area_of(request.POST)
    if request.method != "POST":
        return redirect(f"{reverse('my_keys')}?new=1")
    form = KeyForm(reach.offered(reach.places(user)).scopes, request.POST)
    if form.is_valid():
        try:
            return reveal(request, area, _create(request, user, form))
        except Conflict:
            messages.info(request, ALREADY)
            return redirect(area.view)
        except Invalid as error:
            add_errors(form, error, field="scope")
    return show(request, area, form, status=422)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, key_id: str) -> HttpResponse:
    user = user_of(request)
    key = queries.key_of(user, key_id)
    if key is None:
        raise Http404
    if request.method != "POST":
        return _ask(request, area_of(request.GET), key)
    service.delete_key(actor=actor_of(request, user), key=key)
    messages.success(request, f"“{key.name}” is deleted. Every request with it is refused from now on.")
    return redirect(area_of(request.POST).view)


@sensitive_variables()
def _create(request: HttpRequest, user: User, form: KeyForm) -> NewKey:
    sent = request.POST.get("form_id", "")
    return service.create_key(
        actor=actor_of(request, user),
        project=None,
        owner=user,
        name=form.cleaned_data["name"],
        scopes=form.cleaned_data["scope"],
        form_id=sent if _FORM_ID.fullmatch(sent) else ids.new_id("form"),
    )


def _ask(request: HttpRequest, area: Area, key: Key) -> HttpResponse:
    meter.settle()
    return question(
        request, "mykeys", "delete", {"area": area, "key": key, "usage": usage.total(key.id, timezone.now())}
    )
