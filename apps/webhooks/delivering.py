"""One attempt: claim the delivery, send it, write down what came of it. At least once: a crash repeats, never loses."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.core.errors import Invalid
from apps.core.ids import random_text
from apps.webhooks import client, ending, rules, schedule, signing, vault
from apps.webhooks.client import Outcome
from apps.webhooks.models import Attempt, Delivery, DeliveryStatus

CLAIM = timedelta(seconds=client.TOTAL_SECONDS + 5)
"""Longer than an attempt can take. After it, a worker that is gone is waited for no more."""

GONE = 410
AGENT = "boltkeys-webhooks"


def attempt(delivery_id: str, *, release: Callable[[], None] = lambda: None) -> Outcome | None:
    """Tries the delivery now; None when it is not due, or somebody else is at it.

    `release` is called before the network is waited for, for the threads to give their database connections back.
    """
    delivery = _claimed(delivery_id, timezone.now())
    if delivery is None:
        return None
    release()
    at = timezone.now()
    outcome = _sent(delivery, at)
    is_gone = _write_down(delivery, outcome, at)
    if is_gone:
        ending.disable_gone(delivery.endpoint)
    return outcome


def _claimed(delivery_id: str, now: datetime) -> Delivery | None:
    """The delivery, which nobody else tries now. One to an endpoint that takes nothing now is put off, or given up."""
    claim = random_text(22)
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    due = Delivery.objects.filter(free, pk=delivery_id, status=DeliveryStatus.PENDING, next_attempt_at__lte=now)
    if not due.update(claim=claim, claimed_until=now + CLAIM):
        return None
    delivery = Delivery.objects.select_related("endpoint").get(pk=delivery_id)
    if delivery.endpoint.is_active:
        return delivery
    ending.put_off(delivery)
    return None


def _sent(delivery: Delivery, now: datetime) -> Outcome:
    try:
        target = rules.target(delivery.endpoint.url, settings.WEBHOOK_ALLOWED_HOSTS)
        signed = signing.headers(delivery, signing.secrets_of(delivery.endpoint, now), now)
    except Invalid:
        return Outcome(error="url")
    except vault.Unreadable:
        return Outcome(error="secret")
    headers = {"Content-Type": "application/json", "User-Agent": AGENT, "Accept": "*/*", "Connection": "close"}
    return client.post(target, headers | signed, delivery.payload.encode())


def _write_down(delivery: Delivery, outcome: Outcome, at: datetime) -> bool:
    """Adds the attempt and moves the delivery on. Whether the receiver has said that it is gone for good."""
    with transaction.atomic(durable=True):
        row = Delivery.objects.select_for_update().filter(pk=delivery.pk).first()
        if row is None:
            return False
        row.attempt_count += 1
        tried = _attempt(row, outcome, at)
        tried.save(force_insert=True)
        _move_on(row, tried, outcome, is_mine=row.claim == delivery.claim)
        row.save(update_fields=["attempt_count", "tries", "status", "next_attempt_at", "claim", "claimed_until"])
    return outcome.status == GONE


def _attempt(row: Delivery, outcome: Outcome, at: datetime) -> Attempt:
    return Attempt(
        delivery=row,
        number=row.attempt_count,
        at=at,
        duration_ms=outcome.duration_ms,
        response_status=outcome.status,
        error=outcome.error,
        address=outcome.address,
        response=outcome.response,
    )


def _move_on(row: Delivery, tried: Attempt, outcome: Outcome, *, is_mine: bool) -> None:
    """Delivered, or due again, or failed. A failure decides nothing where somebody else has taken over meanwhile."""
    if tried.is_good:
        _end(row, DeliveryStatus.DELIVERED)
    elif is_mine and row.status == DeliveryStatus.PENDING:
        row.tries += 1
        now = timezone.now()
        asked = schedule.retry_after(outcome.retry_after, now)
        # Chance spreads load here, and is no secret.
        seconds = schedule.wait(row.tries, random.random(), asked)  # noqa: S311  # nosec B311
        if seconds is None or outcome.status == GONE:
            _end(row, DeliveryStatus.FAILED)
        else:
            row.next_attempt_at = now + timedelta(seconds=seconds)
            row.claim, row.claimed_until = "", None


def _end(row: Delivery, status: DeliveryStatus) -> None:
    row.status, row.next_attempt_at, row.claim, row.claimed_until = status, None, "", None
