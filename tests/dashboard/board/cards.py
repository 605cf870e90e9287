"""Records on the board of a project, and what people do with them."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from apps.core.actor import OPERATOR
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import models, service
from apps.records.models import Record
from tests.dashboard.html import read
from tests.pages import Answer

OPPORTUNITIES = catalogues.load()["bolten"].resources["opportunities"]
HX = {"HX-Request": "true"}


def url(project: Project, rest: str = "") -> str:
    return f"/projects/{project.slug}/opportunities/{rest}"


def add(project: Project, title: str = "Roof", **data: Any) -> Record:
    return service.create_record(
        actor=OPERATOR, project_id=project.id, resource=OPPORTUNITIES, data={"title": title, **data}
    ).record


def move(client: Client, record: Record, to: str, seen: object = "new", **headers: str) -> Answer:
    body = {"to": to, "seen": json.dumps(seen)}
    return client.post(url(record.project, f"{record.id}/move/"), body, headers=headers)


def stage(record: Record) -> object:
    record.refresh_from_db()
    return record.data.get("stage")


def columns(answer: Answer) -> dict[str, list[str]]:
    """Titles by the headings of the columns, which end with how many there are."""
    found = [s for s in read(answer).all("section") if "data-column" in s.attributes]
    return {column.one("h2").text: [h.text for h in column.all("h3")] for column in found}


def field(project: Project, **over: Any) -> None:
    """Writes the project's fields down as they are, with a change to its stage."""
    rows = [
        models.Field(
            project=project, resource="opportunities", key=f.name, name=f.name, label=f.label, type=f.type,
            required=f.required, options=list(f.options), description=f.description, order=n,
        )
        for n, f in enumerate(OPPORTUNITIES.fields)
    ]  # fmt: skip
    models.Field.objects.bulk_create(rows)
    models.Field.objects.filter(project=project, key="stage").update(**over)
