"""One delivery with its attempts; a test; and sending again."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.errors import Conflict, Invalid
from apps.dashboard.questions import existing
from apps.dashboard.webhooks import words
from apps.dashboard.webhooks.access import endpoint_for
from apps.webhooks import queries, service

SOON = timedelta(seconds=30)
"""A page whose delivery is tried within this time looks for news by itself."""


@login_required
@require_safe
@existing
def show(request: HttpRequest, slug: str, webhook_id: str, delivery_id: str) -> HttpResponse:
    opened = endpoint_for(request, slug, webhook_id)
    delivery = queries.delivery_in(opened.endpoint, delivery_id)
    now = timezone.now()
    line = words.line(delivery, now)
    context = {
        "line": line,
        "delivery": delivery,
        "attempts": [(each, words.outcome(each)) for each in delivery.attempts.all()],
        "payload": words.readable(delivery.payload),
        "is_soon": line.next is not None and line.next < now + SOON,
    }
    return render(request, "webhooks/delivery.html", opened.context | context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@existing
def test(request: HttpRequest, slug: str, webhook_id: str) -> HttpResponse:
    opened = endpoint_for(request, slug, webhook_id)
    if request.method != "POST":
        return redirect("webhook", slug, webhook_id)
    try:
        delivery = service.send_test(**opened.where)
    except (Invalid, Conflict) as refused:
        messages.error(request, refused.detail)
        return redirect("webhook", slug, webhook_id)
    return redirect("delivery", slug, webhook_id, delivery.id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@existing
def again(request: HttpRequest, slug: str, webhook_id: str, delivery_id: str) -> HttpResponse:
    opened = endpoint_for(request, slug, webhook_id)
    queries.delivery_in(opened.endpoint, delivery_id)
    if request.method == "POST":
        try:
            service.send_again(**opened.where, delivery_id=delivery_id)
            messages.success(request, "It is being sent again, under the same ID.")
        except (Invalid, Conflict) as refused:
            messages.error(request, refused.detail)
    return redirect("delivery", slug, webhook_id, delivery_id)
