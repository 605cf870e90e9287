"""What the gate knows of a key: immutable facts, small enough to keep in memory and in Redis."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA = 2
"""Goes up when a field below changes its meaning: what was written under another number is not read."""


@dataclass(frozen=True, slots=True)
class ProjectRecord:
    """`catalogue` is the catalogue's slug."""

    id: str
    slug: str
    catalogue: str
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class MembershipRecord:
    """What the owner of a key may do in one project: everything as administrator, else `scopes`."""

    project: ProjectRecord
    administrator: bool
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class OwnerRecord:
    """The member or partner a user key belongs to, with the memberships that the key can reach."""

    user_id: str
    email: str
    active: bool
    memberships: tuple[MembershipRecord, ...]


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key, with all that decides what it may do.

    `expires_at`: seconds since 1970, UTC. `rate_limit`: requests in any 60 seconds. `ended`: "", or what has ended the
    key whatever a clock says: "revoked", "deleted", "expired" (rotated without grace). `allowed_ips`: networks such as
    `10.0.0.0/8`; empty allows every address. `project` is None for a user key that is not bound to one project.
    """

    key_id: str
    rate_limit: int
    unrestricted: bool = False
    scopes: frozenset[str] = frozenset()
    expires_at: float | None = None
    ended: str = ""
    allowed_ips: tuple[str, ...] = ()
    project: ProjectRecord | None = None
    owner: OwnerRecord | None = None
