"""What all pages about one endpoint begin with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from apps.core.errors import Missing
from apps.dashboard.access import Access, project_for
from apps.projects.policy import Right
from apps.webhooks import queries
from apps.webhooks.models import Endpoint

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Opened:
    """An administrator's way in, and the endpoint that the address names."""

    access: Access
    endpoint: Endpoint

    @property
    def where(self) -> dict[str, Any]:
        """The first arguments of every service about an endpoint."""
        access = self.access
        return {"actor": access.actor, "project_id": access.project.id, "endpoint_id": self.endpoint.id}

    @property
    def context(self) -> dict[str, Any]:
        return {"project": self.access.project, "endpoint": self.endpoint}


def endpoint_for(request: HttpRequest, slug: str, webhook_id: str) -> Opened:
    """The endpoint, for an administrator of its project; else as `project_for`. Raises `Missing`."""
    access = project_for(request, slug, Right.WEBHOOKS_MANAGE)
    return Opened(access, queries.endpoint_in(access.project.id, webhook_id))


def existing(view: View) -> View:
    """Answers 404 when what the address names is not there, or was deleted a moment before the view acted on it."""

    @wraps(view)
    def found(*args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(*args, **kwargs)
        except Missing as missing:
            raise Http404 from missing

    return found


def question(request: HttpRequest, opened: Opened, name: str, **context: Any) -> HttpResponse:
    """A question before an act, as a page or as a fragment for the dialog."""
    template = f"webhooks/_{name}.html" if request.headers.get("HX-Request") else f"webhooks/{name}.html"
    response = render(request, template, opened.context | context)
    patch_vary_headers(response, ["HX-Request"])
    return response
