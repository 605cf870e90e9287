"""What a key must be like to be created: each rule returns the clean value or raises `Invalid` beside its field."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from apps.accounts.models import User
from apps.core import grants, text
from apps.core.errors import FieldError, Invalid, invalid
from apps.keys.models import RATE_LIMIT_MAX, Key
from apps.projects import catalogues
from apps.projects.models import Environment, Membership, Project

LONGEST_LIFE = timedelta(days=366 * 10)
REASON_MAX = 200
GRACE_MAX = 30 * 24 * 3600
GRACE_DEFAULT = 24 * 3600
NETWORKS_MAX = 100
MAPPED_PREFIX = 96
"""Bits before the IPv4 address in ::ffff:203.0.113.7, which is compared as IPv4."""

DEFAULT_PREFIX = "sk"
DEFAULT_RATE_LIMIT = 60
NAME_TAKEN = "An active key has this name already. Choose another name."


def clean_name(name: object) -> str:
    """1 to 80 characters, visible, on one line."""
    return text.clean_name(name)


def is_name_taken(project: Project | None, owner: User | None, name: str) -> bool:
    """Whether an active key of the project (or, for user keys, of the owner) has the name.

    A key that was rotated has left its name to its successor.
    """
    now = timezone.now()
    where = {"owner": owner} if owner else {"project": project, "owner": None}
    namesakes = Key.objects.filter(name=name, revoked_at=None, deleted_at=None, rotated_to=None, **where)
    return any(key.expires_at is None or key.expires_at > now for key in namesakes)


def clean_free_name(project: Project, name: object) -> str:
    """A clean name that no active project key has. The constraint in the database has the last word."""
    clean = clean_name(name)
    if is_name_taken(project, None, clean):
        raise invalid("/name", NAME_TAKEN, "taken")
    return clean


def clean_expiry(expires_at: datetime | None, now: datetime) -> datetime | None:
    """A moment with a zone, later than `now` and within ten years; None: the key does not expire."""
    if expires_at is None:
        return None
    if expires_at.tzinfo is None:
        raise invalid("/expires_at", "Give the expiry with its time zone, such as 2027-01-31T12:00:00Z.", "zone")
    if expires_at <= now:
        raise invalid("/expires_at", "The expiry must be in the future.", "past")
    if expires_at > now + LONGEST_LIFE:
        raise invalid(
            "/expires_at", "The expiry may be at most ten years from now. Choose “No expiry” instead.", "range"
        )
    return expires_at


def clean_scopes(
    project: Project | None, scopes: Sequence[str], *, unrestricted: bool, for_owner: bool
) -> tuple[str, ...]:
    """The scopes in the catalogue's order: at least one, or none at all for an unrestricted key."""
    if unrestricted and scopes:
        raise invalid("/scopes", "An unrestricted key has all permissions: give none, or restrict it.", "unrestricted")
    if unrestricted:
        if project and not for_owner and not catalogues.get(project.catalogue).unrestricted:
            raise invalid(
                "/unrestricted", "Keys of this project are always restricted. Choose permissions.", "unrestricted"
            )
        return ()
    if project is not None:
        return grants.parse_scopes(catalogues.get(project.catalogue), scopes)
    return _clean_user_scopes(scopes)


def _clean_user_scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    """A user key reaches projects of several catalogues: a scope must be known to one of them."""
    known = {scope for catalogue in catalogues.load().values() for scope in catalogue.scopes}
    unknown = [i for i, scope in enumerate(scopes) if scope not in known]
    if unknown:
        detail = "No catalogue has this permission."
        raise Invalid([FieldError(f"/scopes/{i}", detail, "unknown_scope") for i in unknown])
    return tuple(sorted(set(scopes)))


def clean_rate_limit(project: Project | None, limit: int | None) -> int:
    """The given limit, else the default of the project's catalogue."""
    if limit is not None:
        return check_rate_limit(limit)
    return catalogues.get(project.catalogue).rate_limit if project else DEFAULT_RATE_LIMIT


def check_rate_limit(limit: object) -> int:
    """Requests in any 60 seconds: a whole number from 1 to 1,000,000."""
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= RATE_LIMIT_MAX:
        detail = f"The rate limit is a whole number from 1 to {RATE_LIMIT_MAX:,} requests per minute."
        raise invalid("/rate_limit_per_minute", detail, "range")
    return limit


def check_grace(seconds: object) -> int:
    """For how long a rotated key works beside its successor: 0 seconds to 30 days."""
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= GRACE_MAX:
        detail = f"The grace period is a whole number of seconds from 0 to {GRACE_MAX:,} (30 days)."
        raise invalid("/grace_seconds", detail, "range")
    return seconds


def clean_environment(project: Project | None, environment: str | None) -> str:
    """What was asked for, else the project's."""
    if environment is None:
        return project.environment if project else Environment.LIVE
    if environment not in Environment.values:
        raise invalid("/environment", f"Give one of: {', '.join(Environment.values)}.", "choice")
    return environment


def clean_networks(networks: Iterable[str]) -> list[str]:
    """IPv4 and IPv6 networks in their shortest form, each once; a single address is a network of one."""
    given = list(networks)
    if len(given) > NETWORKS_MAX:
        raise invalid("/allowed_ips", f"Give at most {NETWORKS_MAX} networks.", "too_many")
    clean: list[str] = []
    errors: list[FieldError] = []
    for i, network in enumerate(given):
        try:
            clean.append(_clean_network(network))
        except (ValueError, TypeError):
            detail = f"{ascii(network)[:60]} is not a network. Write 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32."
            errors.append(FieldError(f"/allowed_ips/{i}", detail, "network"))
    if errors:
        raise Invalid(errors)
    return list(dict.fromkeys(clean))


def _clean_network(network: str) -> str:
    """The network as the gate compares it. Raises `ValueError`, also for a scope such as `%eth0`."""
    parsed = ipaddress.ip_network(network)
    if isinstance(parsed, ipaddress.IPv6Network):
        if parsed.network_address.scope_id:
            raise ValueError(network)
        mapped = parsed.network_address.ipv4_mapped
        if mapped and parsed.prefixlen >= MAPPED_PREFIX:
            return str(ipaddress.ip_network((mapped, parsed.prefixlen - MAPPED_PREFIX)))
    return str(parsed)


def check_owner(project: Project | None, owner: User | None) -> User | None:
    """A user key belongs to somebody active; one that is bound to a project, to somebody in it."""
    if owner is None:
        return None
    if not owner.is_active:
        raise invalid("/owner", f"The account of {owner.email} is disabled.", "disabled")
    if project is not None and not Membership.objects.filter(project=project, user=owner).exists():
        raise invalid("/owner", f"{owner.email} is not a member of this project. Add them first.", "not_a_member")
    return owner


def clean_reason(reason: object) -> str:
    """Why a key is revoked: 1 to 200 visible characters on one line."""
    if isinstance(reason, str) and len(reason) > REASON_MAX:
        raise invalid("/reason", f"The reason may have at most {REASON_MAX} characters.", "too_long")
    return text.clean_line(reason, pointer="/reason", what="reason", longest=REASON_MAX)


def key_prefix(project: Project | None) -> str:
    """`sk`, or what the project's catalogue says."""
    return catalogues.get(project.catalogue).key_prefix if project else DEFAULT_PREFIX
