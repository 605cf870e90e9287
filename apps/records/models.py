"""The rows of a project's resources, and what hangs on them."""

from __future__ import annotations

from functools import partial

from django.db import models
from django.db.models import Q, Value
from django.utils import timezone

from apps.core.fields import TYPES
from apps.core.ids import new_id
from apps.projects.models import Project


class Record(models.Model):
    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "rec"), editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="records", editable=False)
    resource = models.CharField(max_length=40, editable=False)
    data = models.JSONField(default=dict)
    tags = models.JSONField(default=list, db_default=Value([], models.JSONField()), editable=False)  # text, sorted
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = (
            models.Index(fields=("project", "resource", "created_at", "id"), name="record_created"),
            models.Index(fields=("project", "resource", "updated_at", "id"), name="record_updated"),
        )

    def __str__(self) -> str:
        return f"{self.resource} {self.id}"


class Field(models.Model):
    """A field of a resource whose fields are dynamic, in a project that has changed them (`schema.py`).

    It is archived, never deleted: its `key`, under which records hold its values, is never given to another one.
    """

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "fld"), editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="fields", editable=False)
    resource = models.CharField(max_length=40, editable=False)
    key = models.CharField(max_length=63, editable=False)
    name = models.CharField(max_length=63)
    label = models.CharField(max_length=80)
    type = models.CharField(max_length=20)
    required = models.BooleanField(default=False)
    options = models.JSONField(default=list)
    description = models.CharField(max_length=300, blank=True)
    order = models.PositiveIntegerField()
    revision = models.PositiveIntegerField(default=0, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = (models.Index(fields=("project", "resource", "order", "id"), name="field_order"),)
        constraints = (
            # Archived ones too: whoever restores one finds its name free.
            models.UniqueConstraint(fields=("project", "resource", "name"), name="field_name_once"),
            models.UniqueConstraint(fields=("project", "resource", "key"), name="field_key_once"),
            models.CheckConstraint(condition=Q(type__in=sorted(TYPES)), name="field_type"),
        )

    def __str__(self) -> str:
        return f"{self.resource}.{self.name}"


class LatestChange(models.Model):
    """When a record of the resource was last created or changed. Who changes one locks this row (`moments`)."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", editable=False)
    resource = models.CharField(max_length=40, editable=False)
    at = models.DateTimeField(editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("project", "resource"), name="latest_change_once"),)

    def __str__(self) -> str:
        return f"{self.resource} {self.at}"


class Message(models.Model):
    """A message of a conversation. It is never changed."""

    class Direction(models.TextChoices):
        OUTBOUND = "outbound"
        INBOUND = "inbound"

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "mes"), editable=False)
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="messages", editable=False)
    direction = models.CharField(max_length=8, editable=False)
    text = models.TextField(editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        indexes = (models.Index(fields=("record", "created_at", "id"), name="message_created"),)
        constraints = (
            models.CheckConstraint(condition=Q(direction__in=("outbound", "inbound")), name="message_direction"),
        )

    def __str__(self) -> str:
        return self.id


class Metrics(models.Model):
    """What was reported of a broadcast last: `counts` by name, `reason` of a failure."""

    record = models.OneToOneField(Record, on_delete=models.CASCADE, primary_key=True, editable=False)
    counts = models.JSONField(default=dict, editable=False)
    reason = models.TextField(blank=True, editable=False)
    reported_at = models.DateTimeField(editable=False)

    def __str__(self) -> str:
        return self.record_id
