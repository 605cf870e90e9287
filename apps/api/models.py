"""Answers kept for clients that ask again (`Idempotency-Key`)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class KeptAnswer(models.Model):
    """The answer to a POST, or the fact that it is being made. A row is found by a digest, and names nobody.

    `reserved`: 22 characters of the ID that the request gives to what it makes, so that a request that was cut off
    between its work and its answer makes nothing twice.
    """

    digest = models.CharField(primary_key=True, max_length=64, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False)
    reserved = models.CharField(max_length=22, editable=False)
    created_at = models.DateTimeField(db_index=True, editable=False)
    started_at = models.DateTimeField(editable=False)
    status = models.PositiveSmallIntegerField(null=True, editable=False)
    headers = models.JSONField(default=dict, editable=False)
    body = models.TextField(blank=True, editable=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(status=None) | Q(status__gte=200, status__lt=300), name="kept_answer_success"
            ),
        )

    def __str__(self) -> str:
        return self.digest
