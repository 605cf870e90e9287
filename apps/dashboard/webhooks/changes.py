"""An endpoint is changed, disabled, enabled, deleted."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.core.errors import Invalid
from apps.dashboard.forms import add_errors
from apps.dashboard.questions import existing
from apps.dashboard.webhooks.access import Opened, endpoint_for, question
from apps.dashboard.webhooks.forms import EndpointForm
from apps.webhooks import ending, queries, service
from apps.webhooks.models import EndpointStatus


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@existing
def edit(request: HttpRequest, slug: str, webhook_id: str) -> HttpResponse:
    opened = endpoint_for(request, slug, webhook_id)
    catalogue = opened.access.catalogue
    if request.method != "POST":
        initial = {"url": opened.endpoint.url, "events": opened.endpoint.events}
        return _form(request, opened, EndpointForm(catalogue, initial=initial))
    form = EndpointForm(catalogue, request.POST)
    if form.is_valid():
        try:
            service.update_endpoint(**opened.where, catalogue=catalogue, **form.cleaned_data)
        except Invalid as invalid:
            add_errors(form, invalid)
        else:
            messages.success(request, "The webhook is changed.")
            return redirect("webhook", slug, webhook_id)
    return _form(request, opened, form, HTTPStatus.UNPROCESSABLE_ENTITY)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@existing
def enable(request: HttpRequest, slug: str, webhook_id: str) -> HttpResponse:
    opened = endpoint_for(request, slug, webhook_id)
    if request.method != "POST":
        return redirect("webhook", slug, webhook_id)
    return _set(request, opened, EndpointStatus.ACTIVE, "It gets every event from now on.")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@existing
def disable(request: HttpRequest, slug: str, webhook_id: str) -> HttpResponse:
    opened = endpoint_for(request, slug, webhook_id)
    if request.method != "POST":
        return question(request, opened, "disable", **_use(opened), days=ending.PAUSE.days)
    return _set(request, opened, EndpointStatus.DISABLED, "Nothing is sent to it until you enable it.")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@existing
def delete(request: HttpRequest, slug: str, webhook_id: str) -> HttpResponse:
    opened = endpoint_for(request, slug, webhook_id)
    if request.method != "POST":
        return question(request, opened, "delete", **_use(opened))
    service.delete_endpoint(**opened.where)
    messages.success(request, "The webhook is deleted. Nothing is sent to it any more.")
    return redirect("webhooks", slug)


def _use(opened: Opened) -> dict[str, Any]:
    """What the question says of the use that is made of the endpoint."""
    return {"health": queries.health(opened.endpoint, timezone.now())}


def _set(request: HttpRequest, opened: Opened, status: EndpointStatus, said: str) -> HttpResponse:
    service.update_endpoint(**opened.where, catalogue=opened.access.catalogue, status=status)
    messages.success(request, f"The webhook is {status.label.lower()}. {said}")
    return redirect("webhook", opened.access.project.slug, opened.endpoint.id)


def _form(request: HttpRequest, opened: Opened, form: EndpointForm, status: int = HTTPStatus.OK) -> HttpResponse:
    return render(request, "webhooks/edit.html", opened.context | {"form": form}, status=status)
