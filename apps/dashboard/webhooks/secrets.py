"""Where a secret is made: a new endpoint, and a rotation. The page that follows shows it, once."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from apps.core import ids
from apps.core.errors import BoltkeysError, Missing
from apps.dashboard.access import Access, project_for
from apps.dashboard.forms import add_errors
from apps.dashboard.questions import existing
from apps.dashboard.webhooks.access import endpoint_for, question
from apps.dashboard.webhooks.forms import EndpointForm
from apps.projects.policy import Right
from apps.webhooks import service
from apps.webhooks.service import NewSecret

_FORM_ID = re.compile(r"whk_[0-9A-Za-z]{22}")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables()
def new(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug, Right.WEBHOOKS_MANAGE)
    if request.method != "POST":
        return _form(request, access, EndpointForm(access.catalogue))
    form = EndpointForm(access.catalogue, request.POST)
    if form.is_valid():
        try:
            made = _create(access, form.cleaned_data, _form_id(request))
        except Missing as missing:
            form.add_error(None, missing.detail)
        except BoltkeysError as error:
            add_errors(form, error)
        else:
            return _reveal(request, access, made, is_new=True)
    return _form(request, access, form, HTTPStatus.UNPROCESSABLE_ENTITY)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables()
@existing
def rotate(request: HttpRequest, slug: str, webhook_id: str) -> HttpResponse:
    opened = endpoint_for(request, slug, webhook_id)
    if request.method != "POST":
        return question(request, opened, "rotate")
    return _reveal(request, opened.access, service.rotate_secret(**opened.where), is_new=False)


def _create(access: Access, given: dict[str, Any], endpoint_id: str) -> NewSecret:
    return service.create_endpoint(
        actor=access.actor,
        project_id=access.project.id,
        catalogue=access.catalogue,
        endpoint_id=endpoint_id,
        **given,
    )


def _form_id(request: HttpRequest) -> str:
    """The ID that the page gave to its form, so that sending it twice makes one endpoint."""
    sent = request.POST.get("form_id", "")
    return sent if _FORM_ID.fullmatch(sent) else ids.new_id("whk")


def _form(request: HttpRequest, access: Access, form: EndpointForm, status: int = HTTPStatus.OK) -> HttpResponse:
    form_id = _form_id(request) if request.method == "POST" else ids.new_id("whk")
    context = {"project": access.project, "form": form, "form_id": form_id}
    return render(request, "webhooks/new.html", context, status=status)


@sensitive_variables()
def _reveal(request: HttpRequest, access: Access, made: NewSecret, *, is_new: bool) -> HttpResponse:
    """The one answer with the secret in it: kept by no cache, and by no part of this server."""
    if made.secret is None:
        messages.info(request, "This webhook was created already. Its secret was shown once; rotate it for another.")
        return redirect("webhook", access.project.slug, made.endpoint.id)
    context = {"project": access.project, "endpoint": made.endpoint, "secret": made.secret, "is_new": is_new}
    response = render(request, "webhooks/reveal.html", context)
    response["Cache-Control"] = "no-store, private"
    response["Pragma"] = "no-cache"
    return response
