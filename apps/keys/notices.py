"""What administrators want to hear of a key in time: that its end comes near, and that it is used after its end.

Audit events, which webhooks are told of. The worker looks once a minute; each notice is written once, by the worker
that comes first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Value

from apps.audit import queries as audited
from apps.audit import service as audit
from apps.audit.events import EventType
from apps.core.actor import CLOCK
from apps.core.times import rfc3339
from apps.gate.meter import ENDED
from apps.keys.models import Key
from apps.usage.models import KeySeen, KeyUsage

AHEAD = timedelta(days=7)
"""A key with a shorter life than twice this is told of in the middle of it."""

QUIET = timedelta(hours=24)
"""An ended key that goes on being used is told of once in this time."""

LOOK_BACK = timedelta(hours=2)
"""Counts stand under the hour they belong to, and may arrive late."""

AT_ONCE = 200


def look(now: datetime) -> int:
    """Writes all notices that are due; returns how many."""
    return record_expiring(now=now) + record_used_after_end(now=now)


def record_expiring(*, now: datetime) -> int:
    """Writes `key.expiring` for keys that end within seven days, once for each. Not for those that have a successor."""
    running = Key.objects.filter(revoked_at=None, deleted_at=None, rotated_to=None)
    near = running.filter(expires_at__gt=now, expires_at__lte=now + AHEAD, expiry_recorded_at=None)
    lived = ExpressionWrapper(Value(now) - F("created_at"), output_field=DurationField())
    left = ExpressionWrapper(F("expires_at") - Value(now), output_field=DurationField())
    due = near.annotate(lived=lived, left=left).filter(lived__gte=F("left"))
    untold = due.exclude(audited.about("id", EventType.KEY_EXPIRING)).values_list("id", flat=True)
    return _record(EventType.KEY_EXPIRING, untold[:AT_ONCE], now, since=None)


def record_used_after_end(*, now: datetime) -> int:
    """Writes `key.used_after_end` for revoked, deleted and expired keys that somebody tried lately."""
    tried = KeyUsage.objects.filter(hour__gte=now - LOOK_BACK, outcome__in=ENDED)
    told = audited.about("key_id", EventType.KEY_USED_AFTER_END, since=now - QUIET)
    untold = tried.exclude(told).values_list("key_id", flat=True).distinct()
    return _record(EventType.KEY_USED_AFTER_END, untold[:AT_ONCE], now, since=now - QUIET)


def _record(event: EventType, key_ids: Iterable[str], now: datetime, since: datetime | None) -> int:
    return sum(_record_once(event, key_id, now, since) for key_id in list(key_ids))


def _record_once(event: EventType, key_id: str, now: datetime, since: datetime | None) -> bool:
    """Whether this call wrote it: with the key locked, one looks again whether another worker was faster."""
    with transaction.atomic(durable=True):
        key = Key.objects.select_for_update().filter(pk=key_id).first()
        if key is None or audited.has_been(event, target_id=key_id, since=since):
            return False
        audit.record(
            event,
            actor=CLOCK,
            project_id=key.project_id or "",
            target_id=key.id,
            target_label=key.name,
            data={"mask": key.mask, **_FACTS[event](key)},
        )
    return True


def _about_expiry(key: Key) -> dict[str, Any]:
    return {"expires_at": rfc3339(key.expires_at)}


def _about_use(key: Key) -> dict[str, Any]:
    """From where the latest attempt came, as far as it is known by now."""
    seen = KeySeen.objects.filter(key_id=key.id).first()
    at = rfc3339(seen.refused_at) if seen else None
    return {"refused_at": at, "refused_ip": seen.refused_ip if seen else None}


_FACTS = {EventType.KEY_EXPIRING: _about_expiry, EventType.KEY_USED_AFTER_END: _about_use}
