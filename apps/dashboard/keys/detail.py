"""One key: facts, permissions, usage, history."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.audit import queries as audit
from apps.core.catalogue import Catalogue
from apps.dashboard.access import project_for
from apps.dashboard.keys import chart, words
from apps.dashboard.keys.levels import has_levels
from apps.dashboard.keys.rotation import obstacle
from apps.keys import lineage, queries
from apps.projects.policy import Right
from apps.usage import queries as usage
from apps.usage import service as meter
from apps.usage.queries import KeyIds, Totals

HISTORY_MAX = 50


@login_required
@require_safe
def show(request: HttpRequest, slug: str, key_id: str) -> HttpResponse:
    access = project_for(request, slug, Right.KEYS_MANAGE)
    now = timezone.now()
    meter.settle()
    key = queries.key_in(access.project, key_id)
    if key is None:
        raise Http404
    line = lineage.of(key_id, now).ids
    window = request.GET.get("window", "7d")
    window = window if window in usage.WINDOWS else "7d"
    context = {
        "project": access.project,
        "key": key,
        "status": key.status(now),
        "is_rotatable": not obstacle(key, access.user, now),
        "permissions": words.permissions(access.catalogue, key.scopes),
        "inclusion": words.inclusion(access.catalogue),
        "has_levels": has_levels(access.catalogue),
        "outcomes": _outcomes(line, now),
        "resources": _resources(access.catalogue, line, now),
        "window": window,
        "windows": chart.WINDOWS,
        "chart": chart.bars(usage.by_hour(line, now, window), now, window),
        "history": [(words.event(event.type), event) for event in audit.history(key_id)[:HISTORY_MAX]],
        "support_email": settings.SUPPORT_EMAIL,
    }
    return render(request, "keys/key.html", context)


def _outcomes(line: KeyIds, now: datetime) -> list[tuple[str, bool, Totals]]:
    """Each outcome in words, whether it is the good one, and how often it was; accepted first, even if never."""
    counts = usage.breakdown(line, now, "outcome")
    refused = [(words.outcome(code), False, totals) for code, totals in counts.items() if code != "ok"]
    return [(words.outcome("ok"), True, counts.get("ok", Totals())), *refused]


def _resources(catalogue: Catalogue, line: KeyIds, now: datetime) -> list[tuple[str, Totals]]:
    counts = usage.breakdown(line, now, "resource")
    return [(_label(catalogue, slug), totals) for slug, totals in counts.items()]


def _label(catalogue: Catalogue, slug: str) -> str:
    resource = catalogue.resources.get(slug)
    return resource.label if resource else slug or "The key itself (/v1/me)"
