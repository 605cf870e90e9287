"""The keys of a project in a few numbers, for its overview."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet, Sum

from apps.accounts.models import User
from apps.gate.meter import ENDED
from apps.keys.models import Key
from apps.projects.models import Project
from apps.usage.models import KeyUsage
from apps.usage.queries import Totals, start

SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Summary:
    """`active` keys, `expiring` within seven days among them; requests of all keys, `attempts` with ended ones."""

    active: int
    expiring: int
    accepted: Totals
    refused_day: int
    attempts_week: int


def of_project(project: Project, now: datetime) -> Summary:
    """The numbers, in two queries."""
    working = Q(revoked_at=None, deleted_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))
    keys = Key.objects.filter(project=project).aggregate(
        active=Count("id", filter=working), expiring=Count("id", filter=working & Q(expires_at__lte=now + SOON))
    )
    ok, day, week = Q(outcome="ok"), Q(hour__gte=start(now, "24h")), Q(hour__gte=start(now, "7d"))
    sums = _usage(project, now, "30d").aggregate(
        day=Sum("count", filter=ok & day, default=0),
        week=Sum("count", filter=ok & week, default=0),
        month=Sum("count", filter=ok, default=0),
        refused_day=Sum("count", filter=~ok & day, default=0),
        attempts_week=Sum("count", filter=Q(outcome__in=ENDED) & week, default=0),
    )
    accepted = Totals(sums["day"], sums["week"], sums["month"])
    return Summary(keys["active"], keys["expiring"], accepted, sums["refused_day"], sums["attempts_week"])


@dataclass(frozen=True, slots=True)
class OwnerSummary:
    """Active user keys of somebody, and their accepted requests in the last 24 hours, anywhere."""

    active: int
    accepted_day: int


def of_owner(owner: User, project: Project | None, now: datetime) -> OwnerSummary:
    """What stops reaching the project when its member leaves; without a project, all that stops with the user."""
    unended = Key.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None, deleted_at=None)
    keys = unended.filter(owner=owner)
    if project:
        keys = keys.filter(Q(project=project) | Q(project=None))
    usage = KeyUsage.objects.filter(key_id__in=keys.values("id"), outcome="ok", hour__gte=start(now, "24h"))
    return OwnerSummary(keys.count(), usage.aggregate(total=Sum("count", default=0))["total"])


def by_hour(project: Project, now: datetime, window: str) -> dict[datetime, dict[bool, int]]:
    """Requests of all keys in each hour (UTC) that had any: how many were accepted (True), how many refused (False)."""
    hours: dict[datetime, dict[bool, int]] = {}
    rows = _usage(project, now, window).values("hour", "outcome").annotate(total=Sum("count"))
    for row in rows:
        hour = hours.setdefault(row["hour"], {True: 0, False: 0})
        hour[row["outcome"] == "ok"] += row["total"]
    return hours


def _usage(project: Project, now: datetime, window: str) -> QuerySet[KeyUsage]:
    keys = Key.objects.filter(project=project).values("id")
    return KeyUsage.objects.filter(key_id__in=keys, hour__gte=start(now, window)).order_by()
