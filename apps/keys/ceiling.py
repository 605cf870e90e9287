"""What a key that makes another key, or lets people in, can hand on: nothing beyond what it has itself, at that moment.

A key that was read before it was revoked makes no other one: its row is locked until the new key is written.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from apps.accounts.models import User
from apps.core import verify
from apps.core.errors import Refused
from apps.core.grants import permits
from apps.core.records import ProjectRecord
from apps.keys import loader
from apps.keys.models import Key, Status
from apps.projects import catalogues, queries
from apps.projects.giving import EXCEEDS, Giving
from apps.projects.models import Project, Role


@dataclass(frozen=True, slots=True)
class Ceiling:
    """`scopes`: all that the key may do in the project now, with what is implied and cut with its owner's rights."""

    key: Key
    scopes: frozenset[str]

    @property
    def owner(self) -> User | None:
        """A user key makes keys of the same user, which lose with their owner what the first one loses."""
        return self.key.owner

    def rate_limit(self, asked: int | None, default: int) -> int:
        """The limit that was asked for, else the default as far as the key has it."""
        return min(default, self.key.rate_limit) if asked is None else asked

    def expires_at(self, asked: datetime | None) -> datetime | None:
        """The end that was asked for, else that of the key."""
        return asked or self.key.expires_at

    def networks(self, asked: Iterable[str]) -> list[str]:
        """The networks that were asked for, else those of the key."""
        return list(asked) or list(self.key.allowed_ips)

    def check(self, key: Key, scopes: Collection[str]) -> None:
        """Raises `Refused` (`exceeds_own`) when `key`, with these scopes, could do more than the one that makes it."""
        for fits, what in (
            (self._covers(key, scopes), self._lacking(key, scopes)),
            (key.rate_limit <= self.key.rate_limit, "rate limit"),
            (self._outlives(key), "end"),
            (self._encloses(key.allowed_ips), "allowed addresses"),
            (key.environment == self.key.environment, "environment"),
            (key.owner_id == self.key.owner_id, "owner"),
        ):
            if not fits:
                raise Refused(f"A key cannot give what it does not have itself: look at the {what}.", EXCEEDS)

    def _lacking(self, key: Key, scopes: Collection[str]) -> str:
        lacking = sorted(set(scopes) - self.scopes)
        return f"permissions {', '.join(lacking)}" if lacking and not key.unrestricted else "permissions"

    def _covers(self, key: Key, scopes: Collection[str]) -> bool:
        return self.key.unrestricted if key.unrestricted else set(scopes) <= self.scopes

    def _outlives(self, key: Key) -> bool:
        mine = self.key.expires_at
        return mine is None or (key.expires_at is not None and key.expires_at <= mine)

    def _encloses(self, networks: Collection[str]) -> bool:
        mine = [ipaddress.ip_network(network) for network in self.key.allowed_ips]
        wanted = [ipaddress.ip_network(network) for network in networks]
        return not mine or (bool(wanted) and all(any(_within(w, m) for m in mine) for w in wanted))


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False


def of(key_id: str, project: Project, now: datetime) -> Ceiling:
    """What the key with this ID has now, locked until the caller's transaction ends. Raises `Refused`."""
    key = Key.objects.select_for_update(of=("self",)).select_related("owner").filter(pk=key_id).first()
    if key is None or key.status(now) != Status.ACTIVE:
        raise Refused("The API key that asked for this has ended meanwhile.")
    return Ceiling(key, _scopes(key, project))


def giving(key_id: str, project: Project) -> Giving:
    """What the key with this ID can hand on to people, locked like `of`. Raises `Refused`."""
    mine = of(key_id, project, timezone.now())
    is_partners = mine.owner is not None and queries.role_of(mine.owner, project) == Role.PARTNER
    return Giving(mine.scopes, frozenset({Role.PARTNER} if is_partners else {Role.MEMBER, Role.PARTNER}))


def _scopes(key: Key, project: Project) -> frozenset[str]:
    record = loader.load(bytes(key.digest))
    catalogue = catalogues.get(project.catalogue)
    here = ProjectRecord(project.id, project.slug, project.catalogue, project.suspended_at is not None)
    effective = verify.effective_scopes(record, here, catalogue) if record else frozenset()
    return frozenset(scope for scope in catalogue.scopes if permits(catalogue, effective, scope))
