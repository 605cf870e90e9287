"""The list of somebody's own keys: on the account's page, and in the partner area beside the client projects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe

from apps.accounts.models import User
from apps.core import ids
from apps.dashboard.keys import words
from apps.dashboard.keys.reveal import predecessor, unkept
from apps.dashboard.keys.rotation import obstacle
from apps.dashboard.mykeys import reach
from apps.dashboard.mykeys.forms import KeyForm
from apps.keys import lineage, queries
from apps.keys.service import NewKey
from apps.projects.models import Role
from apps.usage import service as meter

KEYS_PER_PAGE = 50
HISTORY_MAX = 20


@dataclass(frozen=True, slots=True)
class Area:
    """One of the two pages. `view` is its name among the URLs."""

    slug: str
    view: str
    heading: str


ACCOUNT = Area("account", "my_keys", "My keys")
PARTNER = Area("partner", "partner", "Partner area")
AREAS: Mapping[str, Area] = {area.slug: area for area in (ACCOUNT, PARTNER)}


@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    return show(request, ACCOUNT)


@login_required
@require_safe
def partner(request: HttpRequest) -> HttpResponse:
    return show(request, PARTNER)


def user_of(request: HttpRequest) -> User:
    """Whoever has signed in; everything on these pages is theirs."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def area_of(data: QueryDict) -> Area:
    """The page that a form was on."""
    return AREAS.get(data.get("area", ""), ACCOUNT)


def show(
    request: HttpRequest, area: Area, form: KeyForm | None = None, status: int = 200, **context: Any
) -> HttpResponse:
    """The page; with `form` as it was sent."""
    user, now = user_of(request), timezone.now()
    places = reach.places(user)
    offered = reach.offered(places)
    meter.settle()
    keys = Paginator(queries.keys_of(user, now), KEYS_PER_PAGE).get_page(request.GET.get("page"))
    totals = lineage.totals([key.pk for key in keys], now)
    context |= {
        "area": area,
        "is_partner_area": area is PARTNER,
        "places": [p for p in places if area is ACCOUNT or p.membership.role == Role.PARTNER],
        "matrix": offered,
        "form": form or KeyForm(offered.scopes),
        "form_id": ids.new_id("form"),
        "is_open": form is not None or "new" in request.GET,
        "page": keys,
        "history": [(words.event(event.type), event) for event in queries.history_of(user)[:HISTORY_MAX]],
        "rows": [(key, totals[key.pk], not obstacle(key, user, now)) for key in keys],
    }
    return render(request, "mykeys/area.html", context, status=status)


@sensitive_variables()
def reveal(request: HttpRequest, area: Area, new: NewKey) -> HttpResponse:
    """The page with the secret of a key that was just made: the one answer that has it."""
    shown = {"made": new.key, "secret": new.secret, "base_url": settings.BASE_URL, **predecessor(new.key)}
    return unkept(show(request, area, **shown))
