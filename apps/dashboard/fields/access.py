"""What all pages about fields begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.core.catalogue import Catalogue
from apps.core.errors import Missing
from apps.core.resources import Resource
from apps.dashboard.access import Access, project_for
from apps.projects.policy import Right
from apps.records import schema
from apps.records.schema import Configured


@dataclass(frozen=True, slots=True)
class Opened:
    """An administrator's way in, and the resource whose fields it is about."""

    access: Access
    resource: Resource

    @property
    def where(self) -> dict[str, Any]:
        """The first arguments of every service about fields."""
        return {"actor": self.access.actor, "project_id": self.access.project.id, "resource": self.resource}

    @property
    def context(self) -> dict[str, Any]:
        return {"project": self.access.project, "resource": self.resource}

    @property
    def fields(self) -> tuple[Configured, ...]:
        return schema.all_fields(self.access.project.id, self.resource)

    def field(self, key: str) -> Configured:
        """Raises `Missing`."""
        found = next((entry for entry in self.fields if entry.field.key == key), None)
        if found is None:
            raise Missing("There is no such field.")
        return found

    @property
    def one(self) -> str:
        """One of the records, as people say it."""
        return self.resource.singular.replace("_", " ")

    def is_built_in(self, key: str) -> bool:
        return any(field.key == key for field in self.resource.fields)

    def is_owned(self, key: str) -> bool:
        """Whether operations write the field, so that it cannot be archived."""
        return key in schema.owned_fields(self.resource)

    def back(self, **query: str) -> HttpResponse:
        """To the list of the resource's fields."""
        address = reverse("fields", args=[self.access.project.slug], query={"resource": self.resource.slug, **query})
        return redirect(address)


def dynamic(catalogue: Catalogue) -> list[Resource]:
    """The resources whose fields each project makes its own."""
    return [resource for resource in catalogue.resources.values() if resource.dynamic]


def resource_for(request: HttpRequest, slug: str, resource: str | None) -> Opened:
    """The resource, or the first of all, for an administrator; 404 where its fields are not dynamic."""
    access = project_for(request, slug, Right.FIELDS_MANAGE)
    found = dynamic(access.catalogue)
    chosen = next((each for each in found if resource in (None, each.slug)), None)
    if chosen is None:
        raise Http404
    return Opened(access, chosen)
