"""Reading endpoints and their deliveries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery

from apps.core.errors import Missing
from apps.records.cursor import Cursor
from apps.webhooks.models import Delivery, DeliveryStatus, Endpoint

NO_ENDPOINT = "There is no webhook with this ID."
NO_DELIVERY = "There is no delivery with this ID."

_ENDPOINT_ID = re.compile(r"whk_[0-9A-Za-z]{22}")
_DELIVERY_ID = re.compile(r"msg_[0-9A-Za-z]{22}")


def endpoints(project_id: str) -> QuerySet[Endpoint]:
    """The project's endpoints, the newest first, each with `last_status` and `last_at` of its latest delivery."""
    latest = Delivery.objects.filter(endpoint=OuterRef("pk")).order_by("-created_at", "-id")
    found = Endpoint.objects.filter(project_id=project_id, deleted_at=None)
    return found.annotate(
        last_status=Subquery(latest.values("status")[:1]), last_at=Subquery(latest.values("created_at")[:1])
    ).order_by("-created_at", "-id")


def endpoints_with(project_id: str, endpoint_id: str) -> QuerySet[Endpoint]:
    """The one endpoint, or none. What cannot be an ID (a NUL in it, say) never reaches the database."""
    if not _ENDPOINT_ID.fullmatch(endpoint_id):
        return Endpoint.objects.none()
    return Endpoint.objects.filter(project_id=project_id, pk=endpoint_id, deleted_at=None)


def endpoint_in(project_id: str, endpoint_id: str) -> Endpoint:
    """The project's endpoint. Raises `Missing`, also for one that was deleted or belongs to another project."""
    endpoint = endpoints_with(project_id, endpoint_id).first()
    if endpoint is None:
        raise Missing(NO_ENDPOINT)
    return endpoint


def deliveries(endpoint: Endpoint, *, status: str = "") -> QuerySet[Delivery]:
    """What was sent to it, or is to be, the newest first."""
    found = Delivery.objects.filter(endpoint=endpoint)
    if status in DeliveryStatus.values:
        found = found.filter(status=status)
    return found.order_by("-created_at", "-id")


def delivered_today(endpoint: Endpoint, now: datetime) -> int:
    """How many deliveries of the last 24 hours have arrived."""
    since = now - timedelta(hours=24)
    return deliveries(endpoint, status=DeliveryStatus.DELIVERED).filter(created_at__gte=since).count()


def deliveries_with(endpoint: Endpoint, delivery_id: str) -> QuerySet[Delivery]:
    """The one delivery, or none."""
    if not _DELIVERY_ID.fullmatch(delivery_id):
        return Delivery.objects.none()
    return Delivery.objects.filter(endpoint=endpoint, pk=delivery_id)


def delivery_in(endpoint: Endpoint, delivery_id: str) -> Delivery:
    """The endpoint's delivery with its attempts. Raises `Missing`."""
    delivery = deliveries_with(endpoint, delivery_id).prefetch_related("attempts").first()
    if delivery is None:
        raise Missing(NO_DELIVERY)
    return delivery


@dataclass(frozen=True, slots=True)
class Waiting:
    """Of all projects: deliveries that are not made yet, those whose time has come, and how late the oldest is."""

    pending: int
    due: int
    oldest_seconds: float


def waiting(now: datetime) -> Waiting:
    """What the worker has to do, by one query on the index of what is pending."""
    found = Delivery.objects.filter(status=DeliveryStatus.PENDING).aggregate(
        pending=Count("*"), due=Count("pk", filter=Q(next_attempt_at__lte=now)), oldest=Min("next_attempt_at")
    )
    late = (now - found["oldest"]).total_seconds() if found["oldest"] else 0
    return Waiting(found["pending"], found["due"], max(0.0, late))


Row = TypeVar("Row", Endpoint, Delivery)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows, and the cursor of the page after them; None when there are no more."""

    rows: Sequence[Row]
    next: Cursor | None


def page(found: QuerySet[Row], limit: int, after: Cursor | None) -> Page[Row]:
    """One page of a list that has the newest first."""
    if after:
        earlier = Q(created_at__lt=after.moment) | Q(created_at=after.moment, id__lt=after.id)
        found = found.filter(earlier, created_at__lte=after.moment)
    rows = list(found[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], Cursor("-created_at", last.created_at, last.id) if last else None)
