"""API keys. The secret is in no column; its digest is."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.core.ids import new_id
from apps.projects.models import Environment, Project

RATE_LIMIT_MAX = 1_000_000


class Status(models.TextChoices):
    ACTIVE = "active", "Active"
    EXPIRED = "expired", "Expired"
    REVOKED = "revoked", "Revoked"
    DELETED = "deleted", "Deleted"


class Reason(models.TextChoices):
    LEAKED = "leaked", "Leaked"
    REPLACED = "replaced", "Replaced"
    UNUSED = "unused", "Unused"
    OTHER = "other", "Other"


class Key(models.Model):
    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "key"), editable=False)
    name = models.CharField(max_length=80)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="keys", editable=False)
    # PROTECT: SET_NULL would make it a key of the project, which no owner limits; with CASCADE the row would be gone,
    # and the gate not told. `apps.keys.users.delete_user` ends the keys, and leaves the rows to the audit.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="api_keys", editable=False
    )
    environment = models.CharField(max_length=4, choices=Environment, editable=False)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    mask = models.CharField(max_length=40, editable=False)
    unrestricted = models.BooleanField(default=False, editable=False)
    rate_limit = models.PositiveIntegerField("rate limit per minute")
    allowed_ips = models.JSONField(default=list, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=254, editable=False)
    expires_at = models.DateTimeField(null=True, editable=False)
    expiry_recorded_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.CharField(max_length=254, blank=True, editable=False)
    revoke_reason = models.CharField(max_length=200, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    rotated_to = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="rotated_from", editable=False
    )
    # One per submitted form: a double click or a reload finds the key that the first one made.
    form_id = models.CharField(max_length=40, null=True, unique=True, editable=False)  # noqa: DJ001  (unique or none)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("project", "name"),
                condition=Q(revoked_at=None, deleted_at=None, expiry_recorded_at=None, rotated_to=None, owner=None),
                name="key_current_name_once_per_project",
            ),
            models.UniqueConstraint(
                fields=("owner", "name"),
                condition=Q(revoked_at=None, deleted_at=None, expiry_recorded_at=None, rotated_to=None),
                name="key_current_name_once_per_owner",
            ),
            models.CheckConstraint(
                condition=Q(project__isnull=False) | Q(owner__isnull=False), name="key_belongs_to_somebody"
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")), name="key_expires_after_created"
            ),
            models.CheckConstraint(
                condition=Q(rate_limit__gte=1, rate_limit__lte=RATE_LIMIT_MAX), name="key_rate_limit_range"
            ),
            models.CheckConstraint(condition=Q(environment__in=("live", "test")), name="key_environment"),
        )
        indexes = (
            models.Index(fields=("project", "-created_at", "-id"), name="key_project_created"),
            models.Index(
                fields=("expires_at",),
                condition=Q(revoked_at=None, deleted_at=None, expiry_recorded_at=None),
                name="key_expiry_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"

    def status(self, now: datetime) -> Status:
        """Deleted and revoked win over expired: they say more."""
        if self.deleted_at:
            return Status.DELETED
        if self.revoked_at:
            return Status.REVOKED
        if self.expires_at and self.expires_at <= now:
            return Status.EXPIRED
        return Status.ACTIVE

    @property
    def scopes(self) -> list[str]:
        """As granted, sorted; needs `grants` prefetched to cost no query."""
        return sorted(grant.scope for grant in self.grants.all())


class Grant(models.Model):
    key = models.ForeignKey(Key, on_delete=models.CASCADE, related_name="grants")
    resource = models.CharField(max_length=40)
    action = models.CharField(max_length=40)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("key", "resource", "action"), name="grant_once_per_key"),)

    def __str__(self) -> str:
        return self.scope

    @property
    def scope(self) -> str:
        return f"{self.resource}:{self.action}"
