"""/v1/{resource}: the records of every resource that the project's catalogue has, by one set of views."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import listing, preferences
from apps.api.authentication import Principal, actor_of, principal_of
from apps.api.declared import RESOURCE_IN_PATH, Declared, resource_of
from apps.api.idempotency import idempotent, reserved_id
from apps.api.problems import not_found
from apps.api.views import ApiView, answer, body_of
from apps.core.fields import Field
from apps.core.resources import Resource
from apps.records import analytics, queries, schema, service


class ResourceView(ApiView):
    resource: ClassVar[str | Declared] = RESOURCE_IN_PATH
    given_once: ClassVar[Collection[str]] = ()  # a field of a record may well be called `secret`

    @property
    def principal(self) -> Principal:
        return principal_of(self.request)

    @property
    def project_id(self) -> str:
        return self.principal.project.id

    @property
    def entry(self) -> Resource:
        """The resource as the project's catalogue has it."""
        return self.principal.catalogue.resources[str(resource_of(self))]

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        return schema.fields_of(self.project_id, self.entry)

    def shown(self, written: service.Written) -> dict[str, Any]:
        """The record by the fields that it was written by: somebody may have changed them meanwhile."""
        return queries.record_json(written.record, written.fields, self.entry)


class Records(ResourceView):
    def get(self, request: Request, resource: str) -> Response:
        if self.entry.kind == "analytics":
            return self._analytics(request)
        query = listing.read(request.query_params, self.fields, strict=preferences.is_strict(request))
        page = queries.page(self.project_id, self.entry, query.listing)
        data = [queries.record_json(record, self.fields, self.entry) for record in page.records]
        return answer(request, {"data": data, "next_cursor": page.next_cursor}, ignored=query.ignored)

    def _analytics(self, request: Request) -> Response:
        strict = preferences.is_strict(request)
        filters, ignored = listing.read_filters(request.query_params, self.fields, strict=strict)
        rows = analytics.rows(self.project_id, self.principal.catalogue, timezone.now())
        data = [row for row in rows if all(row[field.name] == value for field, value in filters)]
        return answer(request, {"data": data, "next_cursor": None}, ignored=ignored)

    @idempotent
    def post(self, request: Request, resource: str) -> Response:
        written = service.create_record(
            actor=actor_of(request),
            project_id=self.project_id,
            resource=self.entry,
            data=body_of(request),
            strict=preferences.is_strict(request),
            record_id=reserved_id(request, "rec"),
        )
        location = f"/v1/{resource}/{written.record.id}"
        return answer(request, self.shown(written), status=201, ignored=written.ignored, location=location)


class Record(ResourceView):
    def get(self, request: Request, resource: str, record_id: str) -> Response:
        record = queries.record_in(self.project_id, self.entry, record_id)
        if record is None:
            raise not_found()
        return answer(request, queries.record_json(record, self.fields, self.entry))

    def patch(self, request: Request, resource: str, record_id: str) -> Response:
        written = service.update_record(
            actor=actor_of(request),
            project_id=self.project_id,
            resource=self.entry,
            record_id=record_id,
            data=body_of(request),
            strict=preferences.is_strict(request),
        )
        return answer(request, self.shown(written), ignored=written.ignored)

    def delete(self, request: Request, resource: str, record_id: str) -> Response:
        service.delete_record(
            actor=actor_of(request), project_id=self.project_id, resource=self.entry, record_id=record_id
        )
        return Response(status=204)


class Schema(ResourceView):
    def get(self, request: Request, resource: str) -> Response:
        return answer(request, schema.schema_json(self.project_id, self.entry))
