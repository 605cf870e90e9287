"""When an endpoint takes no deliveries: paused by hand, or ended by its receiver or by deletion."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.audit import service as audit
from apps.audit.events import EventType
from apps.core.actor import CLOCK, Actor
from apps.webhooks.models import Delivery, DeliveryStatus, Endpoint, EndpointStatus

PAUSE = timedelta(days=3)
"""How long what waits is kept for a disabled endpoint: as long as a receiver that is away is waited for."""


def pause(endpoint: Endpoint, now: datetime) -> None:
    """Keeps what waits for the endpoint, which the caller saves. A worker meets it again when the pause is over."""
    endpoint.paused_until = now + PAUSE
    _waiting(endpoint).update(next_attempt_at=endpoint.paused_until)


def go_on(endpoint: Endpoint, now: datetime) -> None:
    """Has what was kept tried now, each with the attempts that its schedule still has. The caller saves it."""
    endpoint.paused_until = None
    _waiting(endpoint).update(next_attempt_at=now)


def put_off(delivery: Delivery) -> None:
    """Keeps a delivery, which the caller has claimed, for an endpoint that is paused; gives it up for one that is over.

    So it is with what was queued, or being tried, at the moment of the pause.
    """
    with transaction.atomic(durable=True):
        # Locked, so that it is not put off while somebody enables the endpoint.
        endpoint = Endpoint.objects.select_for_update().get(pk=delivery.endpoint_id)
        mine = _waiting(endpoint).filter(pk=delivery.pk, claim=delivery.claim)
        if endpoint.is_active:
            mine.update(claim="", claimed_until=None)
        elif _is_paused(endpoint, timezone.now()):
            mine.update(next_attempt_at=endpoint.paused_until, claim="", claimed_until=None)
        else:
            mine.update(status=DeliveryStatus.FAILED, next_attempt_at=None)


def _is_paused(endpoint: Endpoint, now: datetime) -> bool:
    return endpoint.deleted_at is None and endpoint.paused_until is not None and now < endpoint.paused_until


def _waiting(endpoint: Endpoint) -> QuerySet[Delivery]:
    return Delivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.PENDING)


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
    _waiting(endpoint).update(status=DeliveryStatus.FAILED, next_attempt_at=None)


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
