"""The lists: active keys, and those that are revoked or expired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from apps.dashboard.access import Access, project_for
from apps.dashboard.keys.forms import EndedFilter, holds_secret, ordering, searchable
from apps.dashboard.keys.levels import has_levels
from apps.dashboard.keys.rotation import obstacle
from apps.dashboard.keys.words import Permission, permissions
from apps.keys import lineage, queries
from apps.keys.models import Key
from apps.projects.policy import Right
from apps.usage import service as meter
from apps.usage.queries import Totals

PAGE_SIZE = 25
SOON = timedelta(days=7)
SHOWN_PERMISSIONS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A key as its line in a list shows it."""

    key: Any  # a Key with the annotations of keys.queries
    permissions: list[Permission]
    usage: Totals
    expires_soon: bool
    is_rotatable: bool

    @property
    def first_permissions(self) -> list[Permission]:
        return self.permissions[:SHOWN_PERMISSIONS]

    @property
    def more_permissions(self) -> list[Permission]:
        return self.permissions[SHOWN_PERMISSIONS:]


@login_required
@require_safe
def active(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug, Right.KEYS_MANAGE)
    if holds_secret(request.GET.get("q", "")):
        return _without_secret(request)
    now = timezone.now()
    meter.settle()
    search, order = searchable(request.GET.get("q", "")), ordering(request.GET.get("order", ""))
    page = _page(request, queries.active_keys(access.project, now, search=search, order=order))
    context = {
        "page": page,
        "rows": _rows(page, access, now),
        "search": search,
        "order": order,
        "rate_limit": access.catalogue.rate_limit,
    }
    return _list(request, access, "active", context)


@login_required
@require_safe
def ended(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug, Right.KEYS_MANAGE)
    if holds_secret(request.GET.get("q", "")):
        return _without_secret(request)
    now = timezone.now()
    meter.settle()
    form = EndedFilter(request.GET)
    page = _page(request, queries.ended_keys(access.project, now, **form.filters(now)))
    return _list(request, access, "ended", {"page": page, "form": form, "search": form.words()})


def _without_secret(request: HttpRequest) -> HttpResponse:
    """The same list, looked through for the mask of the secret that was typed: the address holds it no longer."""
    query = request.GET.copy()
    query["q"] = searchable(request.GET.get("q", ""))
    return redirect(f"{request.path}?{query.urlencode()}")


def _list(request: HttpRequest, access: Access, name: str, context: dict[str, Any]) -> HttpResponse:
    """The page, or only its table when htmx asks for it."""
    template = f"keys/_{name}_table.html" if request.headers.get("HX-Request") else f"keys/{name}.html"
    context |= {
        "project": access.project,
        "support_email": settings.SUPPORT_EMAIL,
        "has_levels": has_levels(access.catalogue),
    }
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _page(request: HttpRequest, keys: QuerySet[Key]) -> Page[Key]:
    return Paginator(keys, PAGE_SIZE).get_page(request.GET.get("page"))


def _rows(page: Page[Key], access: Access, now: datetime) -> list[Row]:
    totals = lineage.totals([key.id for key in page], now)
    catalogue = access.catalogue
    return [
        Row(
            key,
            permissions(catalogue, key.scopes),
            totals[key.id],
            expires_soon=key.expires_at is not None and key.expires_at - now < SOON,
            is_rotatable=not obstacle(key, access.user, now),
        )
        for key in page
    ]
