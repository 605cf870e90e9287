"""/v1/developer-access/webhooks: subscriptions to events, and what was sent to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import body, listing, preferences
from apps.api.authentication import actor_of
from apps.api.idempotency import idempotent, reserved_id
from apps.api.management import ManagementView
from apps.api.views import answer
from apps.core.errors import invalid
from apps.projects.policy import Right
from apps.records import cursor as cursors
from apps.webhooks import queries, service
from apps.webhooks.service import NewSecret
from apps.webhooks.shapes import delivery_json, endpoint_json

PATH = "/v1/developer-access/webhooks"
MEMBERS: Mapping[str, str] = {"url": "text", "events": "texts", "status": "text"}


class WebhookView(ManagementView):
    right = Right.WEBHOOKS_MANAGE

    @property
    def project_id(self) -> str:
        return self.principal.project.id


class Webhooks(WebhookView):
    operations: ClassVar[Mapping[str, str]] = {"GET": "webhooks.list", "POST": "webhooks.create"}

    def get(self, request: Request) -> Response:
        query = _paging(request)
        page = queries.page(queries.endpoints(self.project_id), query.listing.limit, query.listing.after)
        return _list(request, [endpoint_json(each) for each in page.rows], page.next, query.ignored)

    @idempotent
    def post(self, request: Request) -> Response:
        sent = body.read(request, {"url": "text", "events": "texts"}, required=("url", "events"))
        new = service.create_endpoint(
            actor=actor_of(request),
            project_id=self.project_id,
            catalogue=self.principal.catalogue,
            url=sent.get("url"),
            events=sent.get("events"),
            endpoint_id=reserved_id(request, "whk"),
        )
        location = f"{PATH}/{new.endpoint.id}"
        return answer(request, _with_secret(new), status=201, ignored=sent.ignored, location=location)


class Webhook(WebhookView):
    operations: ClassVar[Mapping[str, str]] = {
        "GET": "webhooks.read",
        "PATCH": "webhooks.update",
        "DELETE": "webhooks.delete",
    }

    def get(self, request: Request, webhook_id: str) -> Response:
        return answer(request, endpoint_json(queries.endpoint_in(self.project_id, webhook_id)))

    def patch(self, request: Request, webhook_id: str) -> Response:
        sent = body.read(request, MEMBERS)
        endpoint = service.update_endpoint(
            actor=actor_of(request),
            project_id=self.project_id,
            catalogue=self.principal.catalogue,
            endpoint_id=webhook_id,
            **sent.given,
        )
        return answer(request, endpoint_json(endpoint), ignored=sent.ignored)

    def delete(self, request: Request, webhook_id: str) -> Response:
        service.delete_endpoint(actor=actor_of(request), project_id=self.project_id, endpoint_id=webhook_id)
        return Response(status=204)


class WebhookTest(WebhookView):
    operations: ClassVar[Mapping[str, str]] = {"POST": "webhooks.test"}

    @idempotent
    def post(self, request: Request, webhook_id: str) -> Response:
        sent = body.read(request, {})
        delivery = service.send_test(actor=actor_of(request), project_id=self.project_id, endpoint_id=webhook_id)
        return answer(request, delivery_json(delivery), status=202, ignored=sent.ignored)


class WebhookRotate(WebhookView):
    operations: ClassVar[Mapping[str, str]] = {"POST": "webhooks.rotate"}

    @idempotent
    def post(self, request: Request, webhook_id: str) -> Response:
        sent = body.read(request, {})
        new = service.rotate_secret(
            actor=actor_of(request),
            project_id=self.project_id,
            endpoint_id=webhook_id,
            rotation_id=reserved_id(request, "rot"),
        )
        return answer(request, _with_secret(new), ignored=sent.ignored)


class WebhookDeliveries(WebhookView):
    operations: ClassVar[Mapping[str, str]] = {"GET": "webhooks.deliveries"}

    def get(self, request: Request, webhook_id: str) -> Response:
        endpoint, query = queries.endpoint_in(self.project_id, webhook_id), _paging(request)
        found = queries.deliveries(endpoint).prefetch_related("attempts")
        page = queries.page(found, query.listing.limit, query.listing.after)
        return _list(request, [delivery_json(each) for each in page.rows], page.next, query.ignored)


def _paging(request: Request) -> listing.Query:
    """`?limit=&cursor=`: these lists have one order."""
    query = listing.read(request.query_params, (), strict=preferences.is_strict(request))
    if query.listing.order != listing.DEFAULT_ORDER or query.listing.updated_since:
        raise invalid("?order", "This list has the newest first, and no other order.", "choice")
    return query


def _list(request: Request, data: list[Any], after: cursors.Cursor | None, ignored: tuple[str, ...]) -> Response:
    return answer(request, {"data": data, "next_cursor": cursors.encode(after) if after else None}, ignored=ignored)


def _with_secret(new: NewSecret) -> dict[str, Any]:
    return {**endpoint_json(new.endpoint), "secret": new.secret}
