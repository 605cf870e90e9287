"""States of deliveries and outcomes of attempts in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from apps.webhooks.client import ERRORS
from apps.webhooks.models import Attempt, Delivery, DeliveryStatus, Endpoint

STATES: Mapping[str, tuple[str, str]] = {
    DeliveryStatus.DELIVERED: ("good", "Delivered"),
    DeliveryStatus.PENDING: ("warning", "Waiting"),
    DeliveryStatus.FAILED: ("bad", "Failed"),
}
"""Kind (for components/status.html) and word."""


@dataclass(frozen=True, slots=True)
class Line:
    """A delivery as its row in the list shows it."""

    delivery: Delivery
    kind: str
    word: str


def line(delivery: Delivery) -> Line:
    return Line(delivery, *STATES[delivery.status])


def state(endpoint: Endpoint) -> tuple[str, str]:
    """Kind and word of an endpoint's state."""
    if endpoint.is_active:
        return "good", "Active"
    return ("bad", "Gone") if endpoint.is_gone else ("quiet", "Disabled")


def outcome(attempt: Attempt) -> str:
    """`204`, or why there was no answer."""
    if attempt.response_status is not None:
        return f"HTTP {attempt.response_status}"
    return ERRORS.get(attempt.error, attempt.error)


def readable(payload: str) -> str:
    """The payload on several lines. What is sent, and signed, is on one."""
    return json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
