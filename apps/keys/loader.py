"""Reads what the gate needs to know of a key: one query, three for a user key."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.db.models import Q

from apps.accounts.models import User
from apps.audit.events import EventType
from apps.audit.models import Event
from apps.core.breaker import Breaker
from apps.core.records import KeyRecord, MembershipRecord, OwnerRecord, ProjectRecord
from apps.keys.models import Key
from apps.keys.statement import Statement
from apps.projects.models import Membership, Role

_PROJECT = ("project_id", "project__slug", "project__catalogue", "project__suspended_at")
_KEY = (
    "id",
    "rate_limit",
    "unrestricted",
    "expires_at",
    "expiry_recorded_at",
    "revoked_at",
    "deleted_at",
    "allowed_ips",
    "owner_id",
)
_GRANT = ("grants__resource", "grants__action")

_RECORD = Statement((*_KEY, *_PROJECT, *_GRANT), lambda digest: Key.objects.filter(digest=digest))
"""The owner is asked about afterwards: most keys have none, and made-up ones would pay for another join."""

GATE_CHANGES = (
    EventType.KEY_REVOKED,
    EventType.KEY_DELETED,
    EventType.KEY_ROTATED,
    EventType.KEY_LIMIT_CHANGED,
    EventType.PROJECT_SUSPENDED,
    EventType.PROJECT_RESUMED,
    EventType.MEMBER_ADDED,
    EventType.MEMBER_CHANGED,
    EventType.MEMBER_REMOVED,
    EventType.USER_DISABLED,
    EventType.USER_ENABLED,
    EventType.USER_DELETED,
)
"""What changes a record. The target of an event about a member is the user."""


_database = Breaker("The database does not answer. Try again in a moment.")
"""Keys in use do not need it: threads that wait for it in vain would be missing there."""


def load(digest: bytes) -> KeyRecord | None:
    """The record of the key with this digest, as the database has it now. Raises `Unavailable`."""
    with _database.asking(DatabaseError, InterfaceError):
        rows = _RECORD.rows(digest)
        return _record(rows) if rows else None


def record_of_user(user: User, rate_limit: int) -> KeyRecord:
    """What the user can do, in every project they are in, as a key could that is restricted in nothing."""
    return KeyRecord(key_id=str(user.pk), rate_limit=rate_limit, unrestricted=True, owner=_owner(user))


def digests_of(*, owner: str | None, project: str | None) -> list[bytes]:
    """The digests of all keys of a user, and of all that can reach a project."""
    where = Q(pk__in=())
    if owner:
        where |= Q(owner_id=owner)
    if project:
        where |= Q(project_id=project) | Q(project=None, owner__memberships__project_id=project)
    digests = Key.objects.filter(where, revoked_at=None, deleted_at=None).values_list("digest", flat=True)
    return [bytes(digest) for digest in digests.distinct()]


def changed_since(since: float) -> set[bytes]:
    """The digests of all keys that a change since then (seconds since 1970, UTC) may have touched, by the audit."""
    changes = Event.objects.filter(at__gte=datetime.fromtimestamp(since, UTC), type__in=GATE_CHANGES)
    digests: set[bytes] = set()
    for event_type, target, project in changes.values_list("type", "target_id", "project_id").distinct():
        if event_type.startswith("key."):
            digests |= {bytes(d) for d in Key.objects.filter(id=target).values_list("digest", flat=True)}
        elif event_type.startswith("project."):
            digests |= set(digests_of(owner=None, project=project))
        else:
            digests |= set(digests_of(owner=target, project=None))
    return digests


def _record(rows: list[dict[str, Any]]) -> KeyRecord:
    row = rows[0]
    owner = User.objects.only("email", "is_active", "deleted_at").get(pk=row["owner_id"]) if row["owner_id"] else None
    return KeyRecord(
        key_id=row["id"],
        rate_limit=row["rate_limit"],
        unrestricted=row["unrestricted"],
        scopes=_scopes(rows, "grants__"),
        expires_at=row["expires_at"].timestamp() if row["expires_at"] else None,
        ended=_ended(row, owner),
        allowed_ips=tuple(row["allowed_ips"]),
        project=_project(row) if row["project_id"] else None,
        owner=_owner(owner, row["project_id"]) if owner else None,
    )


def _ended(row: dict[str, Any], owner: User | None) -> str:
    """What has ended the key whatever a clock says: a rotation without grace sets and notes its end at once.

    What somebody makes at the moment in which they are deleted is deleted as well.
    """
    if row["deleted_at"] or (owner and owner.deleted_at):
        return "deleted"
    if row["revoked_at"]:
        return "revoked"
    return "expired" if row["expires_at"] and row["expires_at"] == row["expiry_recorded_at"] else ""


def _project(row: dict[str, Any]) -> ProjectRecord:
    return ProjectRecord(
        row["project_id"], row["project__slug"], row["project__catalogue"], row["project__suspended_at"] is not None
    )


def _owner(user: User, project: str | None = None) -> OwnerRecord:
    """The user with all memberships, or the one in `project` (ID)."""
    memberships = Membership.objects.filter(user=user)
    if project:
        memberships = memberships.filter(project_id=project)
    rows = memberships.order_by("id").values("id", "role", *_PROJECT, *_GRANT)
    return OwnerRecord(
        user_id=str(user.pk),
        email=user.email,
        active=user.is_active,
        memberships=tuple(_membership(list(group)) for _, group in groupby(rows, key=lambda m: m["id"])),
    )


def _membership(rows: list[dict[str, Any]]) -> MembershipRecord:
    return MembershipRecord(_project(rows[0]), rows[0]["role"] == Role.ADMINISTRATOR, _scopes(rows, "grants__"))


def _scopes(rows: list[dict[str, Any]], prefix: str) -> frozenset[str]:
    return frozenset(f"{r[prefix + 'resource']}:{r[prefix + 'action']}" for r in rows if r[prefix + "resource"])
