"""When an endpoint takes no more deliveries: disabled by hand or by its receiver, or deleted."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from apps.audit import service as audit
from apps.audit.events import EventType
from apps.core.actor import CLOCK, Actor
from apps.webhooks.models import Delivery, DeliveryStatus, Endpoint, EndpointStatus


def disable_gone(endpoint: Endpoint) -> None:
    """Disables an endpoint whose receiver has answered 410 Gone."""
    with transaction.atomic(durable=True):
        row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        if row.is_active:
            row.status, row.is_gone = EndpointStatus.DISABLED, True
            row.save(update_fields=["status", "is_gone"])
            give_up_waiting(row)
            record(EventType.WEBHOOK_DISABLED, CLOCK, row, {"reason": "410 Gone"})


def give_up_waiting(endpoint: Endpoint) -> None:
    """Lets no waiting delivery of the endpoint be tried again. Each can still be sent again by hand."""
    waiting = Delivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.PENDING)
    waiting.update(status=DeliveryStatus.FAILED, next_attempt_at=None)


def record(event: EventType, actor: Actor, endpoint: Endpoint, data: dict[str, Any]) -> None:
    """One audit event about the endpoint, by its URL without the query, which may hold what only the receiver knows."""
    audit.record(
        event,
        actor=actor,
        project_id=endpoint.project_id,
        target_id=endpoint.id,
        target_label=endpoint.url.partition("?")[0],
        data=data,
    )
