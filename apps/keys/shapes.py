"""The shape of a key in JSON: the same for the API and the operators' commands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.core.times import rfc3339
from apps.keys import lineage
from apps.keys.models import Key
from apps.usage.models import KeySeen
from apps.usage.queries import Totals

Seen = tuple[datetime | None, str | None]
"""When and from where a key was last accepted."""


def key_json(
    key: Key, *, now: datetime | None = None, usage: Totals | None = None, seen: Seen | None = None
) -> dict[str, Any]:
    """All of a key but its secret, which only the answer that made it has. Times are RFC 3339 in UTC.

    What is not given is looked up. `usage` is that of its predecessors as well; `seen` is of this key alone, for it
    tells whether the secret in use is the new one.
    """
    now = now or timezone.now()
    used_at, used_ip = _seen(key) if seen is None else seen
    return {
        "id": key.id,
        "name": key.name,
        "mask": key.mask,
        "environment": key.environment,
        "project_id": key.project_id,
        "owner": {"id": str(key.owner.pk), "email": key.owner.email} if key.owner else None,
        "restricted": not key.unrestricted,
        "scopes": key.scopes,
        "rate_limit_per_minute": key.rate_limit,
        "allowed_ips": key.allowed_ips,
        "status": key.status(now).value,
        "created_at": rfc3339(key.created_at),
        "created_by": key.created_by,
        "expires_at": rfc3339(key.expires_at),
        "last_used_at": rfc3339(used_at),
        "last_used_ip": used_ip,
        "revoked_at": rfc3339(key.revoked_at),
        "revoked_by": key.revoked_by or None,
        "revoke_reason": key.revoke_reason or None,
        "rotated_to": key.rotated_to_id,
        "usage": (usage or lineage.of(key.id, now).total(now)).as_dict(),
    }


def _seen(key: Key) -> Seen:
    seen = KeySeen.objects.filter(key_id=key.id).first()
    return (seen.used_at, seen.used_ip) if seen else (None, None)
