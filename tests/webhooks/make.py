"""Plain functions that make endpoints and deliveries, through the services."""

from __future__ import annotations

from typing import Any

from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import service as records
from apps.webhooks import service
from apps.webhooks.models import Delivery
from apps.webhooks.service import NewSecret
from tests.make import TESTER


def endpoint(project: Project, url: str, *events: str) -> NewSecret:
    """An endpoint with its secret; told of new leads unless said otherwise."""
    return service.create_endpoint(
        actor=TESTER,
        project_id=project.id,
        catalogue=catalogues.get(project.catalogue),
        url=url,
        events=list(events or ("lead.created",)),
    )


def lead(project: Project, **data: Any) -> str:
    """The ID of a new lead."""
    resource = catalogues.get(project.catalogue).resources["leads"]
    written = records.create_record(
        actor=TESTER, project_id=project.id, resource=resource, data={"name": "Ann", **data}
    )
    return written.record.id


def delivery(project: Project, url: str) -> Delivery:
    """One that is due now, of a lead that was created."""
    made = endpoint(project, url)
    lead(project)
    return Delivery.objects.get(endpoint=made.endpoint)
