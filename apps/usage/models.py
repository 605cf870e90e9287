"""What keys were used for. Rows name keys by value: this floor knows nothing of keys."""

from __future__ import annotations

from django.db import models


class KeyUsage(models.Model):
    """Requests of one key in one hour (UTC), to one resource, with one outcome (a verdict's code).

    Of days older than five weeks only the first hour has a row: it counts the whole day (see `rollup.py`).
    """

    key_id = models.CharField(max_length=40)
    hour = models.DateTimeField()
    resource = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=20)
    count = models.PositiveBigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("key_id", "hour", "resource", "outcome"), name="usage_once_per_hour"),
        )
        indexes = (models.Index(fields=("hour",), name="usage_by_hour"),)

    def __str__(self) -> str:
        return f"{self.key_id} {self.hour:%Y-%m-%d %H}h {self.resource} {self.outcome}: {self.count}"


class KeySeen(models.Model):
    """When and from where a key was last accepted, and last refused after its end."""

    key_id = models.CharField(primary_key=True, max_length=40)
    used_at = models.DateTimeField(null=True)
    used_ip = models.GenericIPAddressField(null=True)
    used_agent = models.CharField(max_length=200, blank=True)
    refused_at = models.DateTimeField(null=True)
    refused_ip = models.GenericIPAddressField(null=True)

    def __str__(self) -> str:
        return self.key_id


class Batch(models.Model):
    """A batch of counts that has arrived: its ID, written in the same transaction, keeps it from arriving twice."""

    id = models.CharField(primary_key=True, max_length=64)
    arrived_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.id
