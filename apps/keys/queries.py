"""Reading keys for lists and pages.

Lists read what belongs to their rows by queries of their own, for the few rows of one page. A join is for all rows:
with statistics from before they were there PostgreSQL compares each with each, and a page takes a minute.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, DateTimeField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.audit import queries as audit
from apps.audit.models import Event
from apps.core.errors import Missing
from apps.gate.meter import ENDED
from apps.keys import lineage
from apps.keys.models import Key, Status
from apps.projects.models import Project
from apps.records.cursor import Cursor
from apps.usage.models import KeySeen, KeyUsage
from apps.usage.queries import Totals

ORDERS = ("name", "created_at", "expires_at", "used_at")
"""What the list of active keys can be sorted by; `-` before it for the other way round."""

_ID = re.compile(r"key_[0-9A-Za-z]{22}", re.ASCII)

CAUSES = ("revoked", "expired", "rotated", "deleted")


def active_keys(project: Project, now: datetime, *, search: str = "", order: str = "-created_at") -> QuerySet[Key]:
    """The project's active keys, each with `used_at` and `used_ip`. `search` looks in name, mask and ID."""
    keys = Key.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now), project=project, revoked_at=None, deleted_at=None
    )
    if search:
        keys = keys.filter(_matching(search))
    return _with_use(keys).order_by(*_ordering(order)).prefetch_related("owner", "rotated_to", "grants")


@dataclass(frozen=True, slots=True)
class Page:
    """Keys, each with `used_at` and `used_ip`; their use and that of their predecessors; where the next page begins."""

    keys: list[Key]
    totals: Mapping[str, Totals]
    next: Cursor | None


def page(
    project: Project,
    now: datetime,
    *,
    limit: int,
    after: Cursor | None = None,
    status: str = "",
    environment: str = "",
    search: str = "",
) -> Page:
    """The project's keys, the newest first, in a fixed number of queries. Without a `status` all but the deleted."""
    found = Key.objects.filter(_having(status, now), project=project)
    if environment:
        found = found.filter(environment=environment)
    if search:
        found = found.filter(_matching(search))
    if after:
        found = found.filter(Q(created_at__lt=after.moment) | Q(created_at=after.moment, id__lt=after.id))
    rows = _with_use(found).prefetch_related("owner", "grants").order_by("-created_at", "-id")
    keys = list(rows[: limit + 1])
    more, keys = len(keys) > limit, keys[:limit]
    last = Cursor("-created_at", keys[-1].created_at, keys[-1].pk) if more else None
    return Page(keys, lineage.totals([key.pk for key in keys], now), last)


def _having(status: str, now: datetime) -> Q:
    """The same as `Key.status`, for the database."""
    going, expired = Q(revoked_at=None, deleted_at=None), Q(expires_at__lte=now)
    having: dict[str, Q] = {
        Status.ACTIVE: going & (Q(expires_at=None) | Q(expires_at__gt=now)),
        Status.EXPIRED: going & expired,
        Status.REVOKED: Q(revoked_at__isnull=False, deleted_at=None),
        Status.DELETED: Q(deleted_at__isnull=False),
    }
    return having.get(status, Q(deleted_at=None))


def ended_keys(
    project: Project, now: datetime, *, cause: str = "", since: datetime | None = None, search: str = ""
) -> QuerySet[Key]:
    """Revoked, deleted, expired and rotated keys, the last ended first, with `ended_at`, `cause`, attempts since."""
    wanted = Q(ended_at__lte=now)
    if cause:
        wanted &= Q(cause=cause)
    if since:
        wanted &= Q(ended_at__gte=since)
    if search:
        wanted &= _matching(search)
    keys = _with_use(Key.objects.filter(project=project)).annotate(
        ended_at=Case(
            When(revoked_at__isnull=False, then=F("revoked_at")),
            default=F("expires_at"),
            output_field=DateTimeField(),
        ),
        cause=Case(
            When(deleted_at__isnull=False, then=Value("deleted")),
            When(revoked_at__isnull=False, then=Value("revoked")),
            When(rotated_to__isnull=False, then=Value("rotated")),
            default=Value("expired"),
            output_field=CharField(),
        ),
        attempts=_attempts(),
    )
    return keys.filter(wanted).order_by("-ended_at", "-id").prefetch_related("owner", "grants")


def key_in(project: Project, key_id: str) -> Key | None:
    """The project's key with this ID, whatever its state, with `used_at` and `used_ip`."""
    if not _ID.fullmatch(key_id):
        return None  # a NUL in it, say, never reaches the database
    keys = Key.objects.filter(project=project, id=key_id).select_related("rotated_to", "rotated_from", "owner")
    return _with_use(keys).annotate(attempts=_attempts()).prefetch_related("grants").first()


def keys_of(owner: User, now: datetime) -> QuerySet[Key]:
    """The owner's active user keys, the newest first, each with its project, `used_at` and `used_ip`."""
    keys = _with_use(Key.objects.filter(_having(Status.ACTIVE, now), owner=owner))
    return keys.order_by("-created_at", "-id").prefetch_related("project", "rotated_to", "grants")


def history_of(owner: User) -> QuerySet[Event]:
    """What has happened to the owner's user keys, those that have ended included, the newest first."""
    return audit.histories(Key.objects.filter(owner=owner).values("pk"))


def key_of(owner: User, key_id: str) -> Key | None:
    """The owner's user key with this ID, whatever its state."""
    if not _ID.fullmatch(key_id):
        return None
    keys = Key.objects.filter(owner=owner, id=key_id).select_related("project", "owner", "rotated_to")
    return keys.prefetch_related("grants").first()


def key_with_id(key_id: str) -> Key:
    """The key with this ID in any project. Raises `Missing`. For operators only."""
    key = Key.objects.filter(id=key_id).first()
    if key is None:
        raise Missing(f"There is no key with the ID {key_id!r}.")
    return key


def rotated_from(key: Key) -> Key | None:
    """The key that has `key` as its successor."""
    return Key.objects.filter(rotated_to=key.pk).first()


def name_of(key_id: str) -> str:
    """What the key with this ID is called; the ID itself should there be none."""
    return Key.objects.filter(id=key_id).values_list("name", flat=True).first() or key_id


def _matching(search: str) -> Q:
    return Q(name__icontains=search) | Q(mask__icontains=search) | Q(id__icontains=search)


def key_of_form(project: Project, form_id: str) -> Key | None:
    """The project's key that the submitted form with this ID has made already."""
    return Key.objects.filter(project=project, form_id=form_id).first()


def _with_use(keys: QuerySet[Key]) -> QuerySet[Key]:
    seen = KeySeen.objects.filter(key_id=OuterRef("id"))
    return keys.annotate(
        used_at=Subquery(seen.values("used_at")),
        used_ip=Subquery(seen.values("used_ip")),
        used_agent=Subquery(seen.values("used_agent")),
        refused_at=Subquery(seen.values("refused_at")),
        refused_ip=Subquery(seen.values("refused_ip")),
    )


def _attempts() -> Any:
    """Requests refused because the key had ended."""
    refused = KeyUsage.objects.filter(key_id=OuterRef("id"), outcome__in=ENDED).order_by().values("key_id")
    return Coalesce(Subquery(refused.annotate(total=Sum("count")).values("total")), 0)


def _ordering(order: str) -> tuple[Any, ...]:
    field = order.removeprefix("-")
    if field not in ORDERS:
        return _ordering("-created_at")
    column = F(field)
    direction = column.desc(nulls_last=True) if order.startswith("-") else column.asc(nulls_last=True)
    return (direction, "-id")
