"""States of deliveries and outcomes of attempts in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.dashboard.times import exact_utc
from apps.webhooks.client import ERRORS
from apps.webhooks.models import Attempt, Delivery, DeliveryStatus, Endpoint

STATES: Mapping[str, tuple[str, str]] = {
    DeliveryStatus.DELIVERED: ("good", "Delivered"),
    DeliveryStatus.PENDING: ("warning", "Waiting"),
    DeliveryStatus.FAILED: ("bad", "Failed"),
}
"""Kind (for components/status.html) and word."""

PAUSED = "Paused"


@dataclass(frozen=True, slots=True)
class Line:
    """A delivery as its row in the list shows it. `next`: when it is tried, for one that does not wait for a person."""

    delivery: Delivery
    kind: str
    word: str
    next: datetime | None
    is_due: bool


def line(delivery: Delivery, now: datetime) -> Line:
    kind, word = state_of_delivery(delivery.status, delivery.endpoint)
    due = None if word == PAUSED else delivery.next_attempt_at
    return Line(delivery, kind, word, due, is_due=due is not None and due <= now)


def state_of_delivery(status: str, endpoint: Endpoint) -> tuple[str, str]:
    """Kind and word of a delivery's state: what waits for a disabled endpoint is paused."""
    is_paused = status == DeliveryStatus.PENDING and not endpoint.is_active
    return ("quiet", PAUSED) if is_paused else STATES[status]


def state(endpoint: Endpoint, failing: int) -> tuple[str, str]:
    """Kind and word of an endpoint's state. `failing`: of its deliveries (`queries.failing`)."""
    if endpoint.is_active:
        return ("bad", "Failing") if failing else ("good", "Active")
    return ("bad", "Gone") if endpoint.is_gone else ("quiet", "Disabled")


@dataclass(frozen=True, slots=True)
class Notice:
    """What an administrator should know before anything else (components/alert.html)."""

    kind: str
    title: str
    text: str


def gone() -> Notice:
    text = "It asked for no more deliveries, so the webhook was disabled. Enable it when the receiver is back."
    return Notice("warning", "The receiver has answered “410 Gone”.", text)


def disabled(endpoint: Endpoint, waiting: int) -> Notice:
    """`waiting`: how many deliveries are kept for it."""
    text = "Events that happen meanwhile are not sent later either."
    if waiting and endpoint.paused_until:
        one = waiting == 1
        kept = f"{waiting:,} {'delivery is' if one else 'deliveries are'} kept, and {'goes' if one else 'go'} on"
        text += f" {kept} when you enable it before {exact_utc(endpoint.paused_until, seconds=False)}."
    return Notice("info", "This webhook is disabled.", text)


def failing(count: int, last: Attempt | None) -> Notice:
    """`count`: deliveries tried in vain since the newest that has arrived; `last`: the latest attempt of them."""
    title = "The last delivery was not accepted." if count == 1 else f"The last {count:,} deliveries were not accepted."
    said = f"The latest attempt: {outcome(last)}. " if last else ""
    return Notice("warning", title, f"{said}Each is tried again for about three days, then given up.")


def outcome(attempt: Attempt) -> str:
    """`204`, or why there was no answer."""
    if attempt.response_status is not None:
        return f"HTTP {attempt.response_status}"
    return ERRORS.get(attempt.error, attempt.error)


def readable(payload: str) -> str:
    """The payload on several lines. What is sent, and signed, is on one."""
    return json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
