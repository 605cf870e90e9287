"""Operations of the catalogue on its records: steps of broadcasts and templates, tags, messages, metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import body, listing, preferences
from apps.api.authentication import actor_of
from apps.api.idempotency import idempotent, reserved_id
from apps.api.problems import not_found
from apps.api.resources import ResourceView
from apps.api.views import answer, body_of
from apps.core.errors import invalid
from apps.core.times import rfc3339
from apps.records import models, queries
from apps.records import operations as service

MESSAGE_ORDERS = ("created_at", "-created_at")


class OperationView(ResourceView):
    """A view whose methods are operations of the catalogue, by `operations`: who has the action that covers one may
    call it. Where the catalogue covers none, it is a 405, as what no action covers is everywhere.
    """

    operations: ClassVar[Mapping[str, str]] = {}

    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.operation = self.operation_for(request.method)

    def operation_for(self, method: str) -> str | None:
        """What a request by the method is; None where the view does not have the method."""
        return self.operations.get("GET" if method == "HEAD" else method)

    def record(self, record_id: str) -> models.Record:
        record = queries.record_in(self.project_id, self.entry, record_id)
        if record is None:
            raise not_found()
        return record


class TakeStep(OperationView):
    """One step of the resource's machine. Resource and operation are arguments of the route."""

    def operation_for(self, method: str) -> str | None:
        return str(self.kwargs["operation"]) if method == "POST" else None

    @idempotent
    def post(self, request: Request, resource: str, record_id: str, operation: str) -> Response:
        written = service.take_step(
            actor=actor_of(request),
            project_id=self.project_id,
            resource=self.entry,
            record_id=record_id,
            operation=operation,
            data=_sent(request),
            strict=preferences.is_strict(request),
        )
        shown = queries.record_json(written.record, self.fields, self.entry)
        return answer(request, shown, ignored=written.ignored)


class Metrics(OperationView):
    resource = "broadcasts"
    operations: ClassVar[Mapping[str, str]] = {"GET": "metrics"}

    def get(self, request: Request, record_id: str) -> Response:
        record = self.record(record_id)
        return answer(request, queries.metrics_json(record, queries.metrics_of(record)))


class Tag(OperationView):
    resource = "contacts"
    operations: ClassVar[Mapping[str, str]] = {"PUT": "tags", "DELETE": "tags"}

    def put(self, request: Request, record_id: str, tag: str) -> Response:
        ignored = body.read(request, {}).ignored
        record = service.set_tag(
            actor=actor_of(request), project_id=self.project_id, resource=self.entry, record_id=record_id, tag=tag
        )
        return answer(request, {"id": record.id, "tags": record.tags}, ignored=ignored)

    def delete(self, request: Request, record_id: str, tag: str) -> Response:
        service.remove_tag(
            actor=actor_of(request), project_id=self.project_id, resource=self.entry, record_id=record_id, tag=tag
        )
        return Response(status=204)


class Messages(OperationView):
    resource = "inbox"
    operations: ClassVar[Mapping[str, str]] = {"GET": "messages.list", "POST": "messages"}

    def get(self, request: Request, record_id: str) -> Response:
        query = listing.read(request.query_params, (), strict=preferences.is_strict(request))
        if query.listing.order not in MESSAGE_ORDERS or query.listing.updated_since:
            raise invalid("?order", "Messages are not changed: they are listed by created_at or -created_at.", "choice")
        messages, after = queries.messages(self.record(record_id), query.listing)
        data = [queries.message_json(message) for message in messages]
        return answer(request, {"data": data, "next_cursor": after}, ignored=query.ignored)

    @idempotent
    def post(self, request: Request, record_id: str) -> Response:
        said = service.add_message(
            actor=actor_of(request),
            project_id=self.project_id,
            resource=self.entry,
            record_id=record_id,
            data=body_of(request),
            strict=preferences.is_strict(request),
            message_id=reserved_id(request, "mes"),
        )
        return answer(request, queries.message_json(said.message), status=201, ignored=said.ignored)


class Sync(OperationView):
    resource = "templates"
    operations: ClassVar[Mapping[str, str]] = {"POST": "sync"}

    @idempotent
    def post(self, request: Request) -> Response:
        ignored = body.read(request, {}).ignored
        sync = service.request_sync(actor=actor_of(request), project_id=self.project_id, resource=self.entry)
        told = {"requested_at": rfc3339(sync.at), "submitted": sync.submitted}
        return answer(request, told, status=202, ignored=ignored)


def _sent(request: Request) -> Mapping[str, Any]:
    """The body; no body at all is an empty one."""
    return body_of(request) if request.stream is not None else {}
