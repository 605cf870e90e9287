"""Audit rows name their subjects by value, without foreign keys: the evidence outlives what it is about."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import models

from apps.core.ids import new_id


class Event(models.Model):
    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "evt"), editable=False)
    at = models.DateTimeField(editable=False)
    type = models.CharField(max_length=40, editable=False)  # one of `EventType`
    project_id = models.CharField(max_length=40, blank=True, editable=False)
    actor_kind = models.CharField(max_length=8, editable=False)
    actor_id = models.CharField(max_length=40, editable=False)
    actor_label = models.CharField(max_length=254, editable=False)
    ip = models.GenericIPAddressField(null=True, editable=False)
    request_id = models.CharField(max_length=40, blank=True, editable=False)
    target_id = models.CharField(max_length=40, blank=True, editable=False)
    target_label = models.CharField(max_length=254, blank=True, editable=False)
    data = models.JSONField(default=dict, editable=False)

    class Meta:
        ordering = ("-at", "-id")
        indexes = (
            models.Index(fields=("project_id", "-at", "-id"), name="event_project_at"),
            models.Index(fields=("target_id", "-at"), name="event_target_at"),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.target_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Append-only: a row that is there is never written again."""
        if not self._state.adding:
            raise TypeError("Audit events cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("Audit events cannot be deleted.")
