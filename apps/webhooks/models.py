"""Endpoints that events are sent to, what is sent to each, and how often it was tried."""

from __future__ import annotations

from functools import partial

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.ids import new_id
from apps.projects.models import Project

URL_MAX = 2000


class EndpointStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    DISABLED = "disabled", "Disabled"


class DeliveryStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"


class Endpoint(models.Model):
    """`secret` and `old_secret` are sealed (`vault.py`). A deleted one keeps its row until its deliveries are gone.

    `rotation_id`: of the request that rotated the secret last, if it had one. `paused_until`: while one is disabled by
    hand, what waits is kept until then.
    """

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "whk"), editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="endpoints", editable=False)
    url = models.CharField(max_length=URL_MAX)
    events = models.JSONField()
    status = models.CharField(max_length=8, choices=EndpointStatus, default=EndpointStatus.ACTIVE)
    is_gone = models.BooleanField(default=False)
    paused_until = models.DateTimeField(null=True, editable=False)
    secret = models.TextField(blank=True, editable=False)
    old_secret = models.TextField(blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, editable=False)
    rotation_id = models.CharField(max_length=40, blank=True, default="", db_default="", editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=254, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(status__in=("active", "disabled")), name="endpoint_status"),
            models.CheckConstraint(
                condition=Q(("old_secret", "")) | Q(old_secret_until__isnull=False), name="endpoint_old_secret_ends"
            ),
        )
        indexes = (
            models.Index(fields=("project", "-created_at", "-id"), name="endpoint_project_created"),
            models.Index(fields=("project",), condition=Q(deleted_at=None, status="active"), name="endpoint_active"),
        )

    def __str__(self) -> str:
        return self.id

    @property
    def is_active(self) -> bool:
        return self.deleted_at is None and self.status == EndpointStatus.ACTIVE


class Delivery(models.Model):
    """One event on its way to one endpoint. The ID is the `webhook-id` of every attempt.

    `payload` is the body as it is signed and sent. `tries` counts from the last time that somebody sent it by hand,
    `attempt_count` from the beginning. Who tries it holds the `claim`, until `claimed_until` at the longest.
    """

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "msg"), editable=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries", editable=False)
    event = models.CharField(max_length=80, editable=False)
    payload = models.TextField(editable=False)
    status = models.CharField(max_length=9, choices=DeliveryStatus, default=DeliveryStatus.PENDING, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    next_attempt_at = models.DateTimeField(null=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    attempt_count = models.PositiveIntegerField(default=0, editable=False)
    claim = models.CharField(max_length=22, blank=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(status__in=("pending", "delivered", "failed")), name="delivery_status"),
            models.CheckConstraint(
                condition=Q(status="pending", next_attempt_at__isnull=False)
                | (~Q(status="pending") & Q(next_attempt_at=None)),
                name="delivery_pending_is_due",
            ),
        )
        indexes = (
            models.Index(fields=("next_attempt_at",), condition=Q(status="pending"), name="delivery_due"),
            models.Index(fields=("endpoint", "-created_at", "-id"), name="delivery_endpoint_created"),
            models.Index(fields=("created_at",), name="delivery_created"),
        )

    def __str__(self) -> str:
        return f"{self.event} {self.id}"


class Attempt(models.Model):
    """`error` is "" when an answer came, else a code (`client.ERRORS`). `response` is the beginning of the answer."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts", editable=False)
    number = models.PositiveIntegerField(editable=False)
    at = models.DateTimeField(editable=False)
    duration_ms = models.PositiveIntegerField(editable=False)
    response_status = models.PositiveSmallIntegerField(null=True, editable=False)
    error = models.CharField(max_length=20, blank=True, editable=False)
    address = models.CharField(max_length=45, blank=True, editable=False)
    response = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("delivery", "number"), name="attempt_number_once"),)

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.number}"

    @property
    def is_good(self) -> bool:
        return self.response_status is not None and 200 <= self.response_status < 300
