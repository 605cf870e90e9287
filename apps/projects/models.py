"""Projects and the people in them."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.utils import timezone

from apps.core.ids import new_id


class Environment(models.TextChoices):
    LIVE = "live", "Live"
    TEST = "test", "Test"


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", "Administrator"
    MEMBER = "member", "Member"
    PARTNER = "partner", "Partner"


class Project(models.Model):
    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "prj"), editable=False)
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    catalogue = models.CharField(max_length=40, editable=False)
    environment = models.CharField(max_length=4, choices=Environment, default=Environment.LIVE, editable=False)
    suspended_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(environment__in=("live", "test")), name="project_environment"),
        )

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "mem"), editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="memberships")
    # PROTECT: whoever is to be deleted is deleted by the service, which keeps the last administrator (`leave_all`).
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=13, choices=Role)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("project", "user"), name="member_once_per_project"),
            models.CheckConstraint(condition=Q(role__in=("administrator", "member", "partner")), name="member_role"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} in {self.project_id}: {self.role}"


class MemberGrant(models.Model):
    """What a member or partner may do, per resource. An administrator needs none: the role may do everything."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="grants")
    resource = models.CharField(max_length=40)
    action = models.CharField(max_length=40)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("membership", "resource", "action"), name="member_grant_once"),)

    def __str__(self) -> str:
        return self.scope

    @property
    def scope(self) -> str:
        return f"{self.resource}:{self.action}"


class Outcome(models.TextChoices):
    ACCEPTED = "accepted", "Accepted"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Invitation(models.Model):
    """An invitation by e-mail. The token of its link is made when the mail is sent, and only its digest is kept."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "inv"), editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=13, choices=Role)
    grants = models.JSONField(default=list, db_default=Value([], models.JSONField()), editable=False)  # scopes
    digest = models.BinaryField(max_length=32, null=True, unique=True, editable=False)
    invited_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("project", "email"), condition=Q(closed_at=None), name="invitation_open_once"
            ),
            models.CheckConstraint(
                condition=Q(role__in=("administrator", "member", "partner")), name="invitation_role"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="")
                | Q(closed_at__isnull=False, outcome__in=("accepted", "withdrawn")),
                name="invitation_closed_with_outcome",
            ),
        )

    def __str__(self) -> str:
        return f"{self.email} to {self.project_id}"

    def state(self, now: datetime) -> str:
        """`open`, or why the link does not work any more: `expired`, `accepted`, `withdrawn`."""
        if self.closed_at:
            return self.outcome
        return "expired" if self.expires_at <= now else "open"
