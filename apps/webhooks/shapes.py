"""Endpoints and deliveries as the API shows them."""

from __future__ import annotations

import json
from typing import Any

from apps.core.times import rfc3339
from apps.webhooks.models import Attempt, Delivery, Endpoint


def endpoint_json(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "events": endpoint.events,
        "status": endpoint.status,
        "created_at": rfc3339(endpoint.created_at),
    }


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """With its attempts, which are prefetched. A paused one has no next attempt until somebody enables its endpoint."""
    next_attempt_at = delivery.next_attempt_at if delivery.endpoint.is_active else None
    return {
        "id": delivery.id,
        "event": delivery.event,
        "status": delivery.status,
        "created_at": rfc3339(delivery.created_at),
        "next_attempt_at": rfc3339(next_attempt_at),
        "payload": json.loads(delivery.payload),
        "attempts": [_attempt_json(attempt) for attempt in delivery.attempts.all()],
    }


def _attempt_json(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "at": rfc3339(attempt.at),
        "duration_ms": attempt.duration_ms,
        "response_status": attempt.response_status,
        "error": attempt.error or None,
    }
