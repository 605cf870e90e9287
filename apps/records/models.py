"""The rows of a project's resources."""

from __future__ import annotations

from functools import partial

from django.db import models
from django.utils import timezone

from apps.core.ids import new_id
from apps.projects.models import Project


class Record(models.Model):
    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "rec"), editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="records", editable=False)
    resource = models.CharField(max_length=40, editable=False)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = (
            models.Index(fields=("project", "resource", "created_at", "id"), name="record_created"),
            models.Index(fields=("project", "resource", "updated_at", "id"), name="record_updated"),
        )

    def __str__(self) -> str:
        return f"{self.resource} {self.id}"
