"""A key of one's own gets a successor: the question, as a page or a dialog, and the act."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.core.errors import Conflict, Invalid
from apps.dashboard.access import actor_of
from apps.dashboard.forms import add_errors
from apps.dashboard.keys import rotation
from apps.dashboard.keys.rotation import RotateForm
from apps.dashboard.mykeys.page import Area, area_of, reveal, user_of
from apps.dashboard.questions import question
from apps.keys import queries, service
from apps.keys.models import Key


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables()
def rotate(request: HttpRequest, key_id: str) -> HttpResponse:
    user = user_of(request)
    if request.method != "POST":
        return _ask(request, user, area_of(request.GET), key_id, RotateForm())
    key, area, form, status = _key(user, key_id), area_of(request.POST), RotateForm(request.POST), 422
    if form.is_valid():
        try:
            new = service.rotate_key(actor=actor_of(request, user), key=key, grace=form.cleaned_data["grace"])
            return reveal(request, area, new)
        except Invalid as error:
            add_errors(form, error)
        except Conflict:
            status = 409
    return _ask(request, user, area, key_id, form, status)


def _key(user: User, key_id: str) -> Key:
    key = queries.key_of(user, key_id)
    if key is None:
        raise Http404
    return key


def _ask(
    request: HttpRequest, user: User, area: Area, key_id: str, form: RotateForm, status: int = 200
) -> HttpResponse:
    """The key as it is now: when it cannot be rotated, the page says why and what to do instead."""
    context = {"area": area, **rotation.context(_key(user, key_id), user, form)}
    return question(request, "mykeys", "rotate", context, status)
