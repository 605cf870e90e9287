"""Reading endpoints and their deliveries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.core.errors import Missing
from apps.records.cursor import Cursor
from apps.webhooks.models import Attempt, Delivery, DeliveryStatus, Endpoint

NO_ENDPOINT = "There is no webhook with this ID."
NO_DELIVERY = "There is no delivery with this ID."

_ENDPOINT_ID = re.compile(r"whk_[0-9A-Za-z]{22}")
_DELIVERY_ID = re.compile(r"msg_[0-9A-Za-z]{22}")


def endpoints(project_id: str) -> QuerySet[Endpoint]:
    """The project's endpoints, the newest first, each with `last_status` and `last_at` of its latest delivery, and
    with the number of `failing` ones."""
    latest = Delivery.objects.filter(endpoint=OuterRef("pk")).order_by("-created_at", "-id")
    found = Endpoint.objects.filter(project_id=project_id, deleted_at=None)
    return found.annotate(
        last_status=Subquery(latest.values("status")[:1]),
        last_at=Subquery(latest.values("created_at")[:1]),
        failing=_failing(),
    ).order_by("-created_at", "-id")


def failing(endpoint: Endpoint) -> int:
    """How many deliveries have been tried in vain since the newest that has arrived: none where the last one has."""
    return int(Endpoint.objects.filter(pk=endpoint.pk).values_list(_failing(), flat=True)[0])


def last_failure(endpoint: Endpoint) -> Attempt | None:
    """The latest attempt of the newest delivery that was tried in vain."""
    newest = _tried_in_vain(deliveries(endpoint)).first()
    return newest.attempts.last() if newest else None


def _tried_in_vain(found: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return found.filter(attempt_count__gt=0).exclude(status=DeliveryStatus.DELIVERED)


def _failing() -> Coalesce:
    """`failing` of each endpoint of a query, by the index on its deliveries."""
    arrived = Delivery.objects.filter(endpoint=OuterRef("endpoint"), status=DeliveryStatus.DELIVERED)
    newest = Subquery(arrived.order_by("-created_at").values("created_at")[:1])
    since = Coalesce(newest, Value(datetime(1970, 1, 1, tzinfo=UTC)))
    tried = _tried_in_vain(Delivery.objects.filter(endpoint=OuterRef("pk"), created_at__gt=since))
    return Coalesce(Subquery(tried.values("endpoint").annotate(count=Count("*")).values("count")), 0)


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
    found = endpoint.deliveries.all()
    if status in DeliveryStatus.values:
        found = found.filter(status=status)
    return found.order_by("-created_at", "-id")


@dataclass(frozen=True, slots=True)
class Health:
    """Deliveries that were made in the last 24 hours, how many of them have arrived, and how many wait in all."""

    sent: int
    accepted: int
    waiting: int


def health(endpoint: Endpoint, now: datetime) -> Health:
    """What an endpoint is used for, before it is disabled or deleted."""
    today, arrived = Q(created_at__gte=now - timedelta(hours=24)), Q(status=DeliveryStatus.DELIVERED)
    found = Delivery.objects.filter(endpoint=endpoint).aggregate(
        sent=Count("pk", filter=today),
        accepted=Count("pk", filter=today & arrived),
        waiting=Count("pk", filter=Q(status=DeliveryStatus.PENDING)),
    )
    return Health(**found)


def waiting_for(endpoint: Endpoint) -> int:
    """How many of its deliveries wait."""
    return deliveries(endpoint, status=DeliveryStatus.PENDING).count()


def deliveries_with(endpoint: Endpoint, delivery_id: str) -> QuerySet[Delivery]:
    """The one delivery, or none."""
    if not _DELIVERY_ID.fullmatch(delivery_id):
        return Delivery.objects.none()
    return endpoint.deliveries.filter(pk=delivery_id)


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
