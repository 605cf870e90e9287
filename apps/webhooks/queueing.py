"""Queues deliveries, in the transaction of the fact that they tell of: there is never one without the other.

A task of the database queue wakes the worker. What is to be sent, and when, stands in the delivery's own row, so that
a task that is lost with its worker loses nothing.
"""

from __future__ import annotations

from django.utils import timezone

from apps.audit.models import Event
from apps.webhooks import events, tasks
from apps.webhooks.models import Delivery, Endpoint, EndpointStatus


def queue(event: Event) -> None:
    """Queues a delivery to each endpoint of the event's project that has subscribed to it."""
    name = events.name_of(event)
    if name is None or not event.project_id:
        return
    active = Endpoint.objects.filter(project_id=event.project_id, status=EndpointStatus.ACTIVE, deleted_at=None)
    for endpoint in active.only("id", "events"):
        if name in endpoint.events:
            add(endpoint, name, events.payload(name, event.at, events.data_of(event)))


def add_test(endpoint: Endpoint) -> Delivery:
    """A delivery that tells of nothing, to see whether it arrives."""
    data = {"id": endpoint.id, "project_id": endpoint.project_id, "message": "This is a test."}
    return add(endpoint, events.TEST, events.payload(events.TEST, timezone.now(), data))


def add(endpoint: Endpoint, name: str, payload: str) -> Delivery:
    """A new delivery, due at once."""
    now = timezone.now()
    delivery = Delivery.objects.create(
        endpoint=endpoint, event=name, payload=payload, created_at=now, next_attempt_at=now
    )
    wake(delivery)
    return delivery


def wake(delivery: Delivery) -> None:
    """Has the worker look at it as soon as this transaction is over."""
    tasks.deliver.enqueue(delivery.id, delivery.endpoint_id)
