"""What all pages about one endpoint begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.dashboard import questions
from apps.dashboard.access import Access, project_for
from apps.projects.policy import Right
from apps.webhooks import queries
from apps.webhooks.models import Endpoint


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


def question(request: HttpRequest, opened: Opened, name: str, **context: Any) -> HttpResponse:
    """A question before an act on the endpoint."""
    return questions.question(request, "webhooks", name, opened.context | context)
