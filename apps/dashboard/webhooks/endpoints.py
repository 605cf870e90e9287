"""The list of webhooks, and one of them with its deliveries."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.dashboard.access import project_for
from apps.dashboard.questions import existing
from apps.dashboard.webhooks import words
from apps.dashboard.webhooks.access import endpoint_for
from apps.projects.policy import Right
from apps.webhooks import queries
from apps.webhooks.models import DeliveryStatus, Endpoint

PAGE_SIZE = 25
FILTERS = {"": "All", **{status.value: words.STATES[status][1] for status in DeliveryStatus}}


@login_required
@require_safe
def listing(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug, Right.WEBHOOKS_MANAGE)
    rows = [(each, _state(each), _last(each)) for each in queries.endpoints(access.project.id)]
    return render(request, "webhooks/list.html", {"project": access.project, "rows": rows})


def _state(endpoint: Endpoint) -> tuple[str, str]:
    """By the number of failing deliveries, which `queries.endpoints` has counted."""
    return words.state(endpoint, getattr(endpoint, "failing", 0))


def _last(endpoint: Endpoint) -> tuple[str, str] | None:
    """The state of the latest delivery, which `queries.endpoints` has looked up."""
    status = getattr(endpoint, "last_status", None)
    return words.state_of_delivery(status, endpoint) if status else None


@login_required
@require_safe
@existing
def show(request: HttpRequest, slug: str, webhook_id: str) -> HttpResponse:
    opened = endpoint_for(request, slug, webhook_id)
    status = request.GET.get("status", "")
    status = status if status in FILTERS else ""
    found = queries.deliveries(opened.endpoint, status=status)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    until, now = opened.endpoint.old_secret_until, timezone.now()
    context = _how_it_is(opened.endpoint) | {
        "old_until": until if until and until > now else None,
        "page": page,
        "lines": [words.line(delivery, now) for delivery in page],
        "filters": FILTERS,
        "status": status,
    }
    return render(request, "webhooks/webhook.html", opened.context | context)


def _how_it_is(endpoint: Endpoint) -> dict[str, Any]:
    """Its state, and what there is to know of it: why it fails, or what is kept for it."""
    failing = queries.failing(endpoint) if endpoint.is_active else 0
    return {"state": words.state(endpoint, failing), "notice": _notice(endpoint, failing)}


def _notice(endpoint: Endpoint, failing: int) -> words.Notice | None:
    if endpoint.is_gone:
        return words.gone()
    if not endpoint.is_active:
        return words.disabled(endpoint, queries.waiting_for(endpoint))
    return words.failing(failing, queries.last_failure(endpoint)) if failing else None
