"""What the worker does for webhooks at its ticks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from apps.webhooks import sender, vault
from apps.webhooks.models import Delivery, DeliveryStatus, Endpoint

AT_ONCE = 200
KEPT = timedelta(days=30)
"""How long a delivery that has ended is kept, with its attempts."""

PRUNED_AT_ONCE = 5000
"""Once a minute: seven million a day."""


def every(clock: Callable[[int, Callable[[datetime], object]], None]) -> None:
    """Says how often each is to be called: `clock(seconds, tick)`."""
    clock(1, offer_due)
    clock(60, prune)
    clock(3600, seal_again)


def offer_due(now: datetime) -> int:
    """Hands due deliveries to the sender: retries, and what a lost task or worker has left. How many it took."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    due = Delivery.objects.filter(free, status=DeliveryStatus.PENDING, next_attempt_at__lte=now)
    mine = sender.shared()
    waiting = due.exclude(endpoint_id__in=mine.full()).order_by("next_attempt_at")
    return sum(mine.offer(endpoint, delivery) for delivery, endpoint in waiting.values_list("pk", "endpoint")[:AT_ONCE])


def prune(now: datetime) -> int:
    """Forgets some of the deliveries that ended long ago, and deleted endpoints that have none any more."""
    with transaction.atomic(durable=True):
        old = Delivery.objects.filter(created_at__lt=now - KEPT).exclude(status=DeliveryStatus.PENDING)
        mine = old.order_by("created_at").select_for_update(skip_locked=True).values_list("pk", flat=True)
        forgotten, _ = Delivery.objects.filter(pk__in=list(mine[:PRUNED_AT_ONCE])).delete()
        Endpoint.objects.filter(deleted_at__lt=now - KEPT, deliveries=None).delete()
    return forgotten


def seal_again(now: datetime) -> int:
    """Seals secrets anew that a former encryption key has sealed, so that it can be taken away. How many endpoints."""
    return sum(_seal_again(endpoint.pk) for endpoint in Endpoint.objects.filter(deleted_at=None) if _is_old(endpoint))


def _is_old(endpoint: Endpoint) -> bool:
    return not all(vault.is_current(each) for each in (endpoint.secret, endpoint.old_secret) if each)


def _seal_again(endpoint_id: str) -> bool:
    with transaction.atomic(durable=True):
        row = Endpoint.objects.select_for_update().get(pk=endpoint_id)
        try:
            row.secret, row.old_secret = (_sealed_anew(each, row.id) for each in (row.secret, row.old_secret))
        except vault.Unreadable:
            return False
        row.save(update_fields=["secret", "old_secret"])
    return True


def _sealed_anew(sealed: str, context: str) -> str:
    return vault.seal(vault.unseal(sealed, context), context) if sealed else ""
