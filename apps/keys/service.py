"""The life of a key: created, limited, rotated, revoked, deleted, expired. What happens on revoke is here.

Each function is one transaction with its audit event. `gate.changing` surrounds it, so that no process answers from
a cache while the change is on its way, and every process has seen it before the function returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import service as audit
from apps.audit.events import EventType
from apps.core import secret
from apps.core.actor import CLOCK, Actor
from apps.core.errors import Conflict, Refused, invalid
from apps.core.ids import new_id
from apps.core.times import rfc3339
from apps.gate import gate
from apps.gate.names import Named
from apps.keys import ceiling as ceilings
from apps.keys import loader, rules
from apps.keys.models import Grant, Key, Status
from apps.projects.models import Project

CLOCKS_DIFFER = timedelta(minutes=1)
"""By how much the clock of Redis, which decides when a key expires, may be behind the one here."""

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and its secret, which is nowhere else and is to be shown once."""

    key: Key
    secret: str

    def __repr__(self) -> str:
        return f"NewKey({self.key.id})"


def create_key(
    *,
    actor: Actor,
    project: Project | None,
    name: str,
    scopes: Sequence[str] = (),
    unrestricted: bool = False,
    expires_at: datetime | None = None,
    rate_limit: int | None = None,
    allowed_ips: Iterable[str] = (),
    environment: str | None = None,
    owner: User | None = None,
    form_id: str | None = None,
    key_id: str | None = None,
    maker: str | None = None,
) -> NewKey:
    """A new key of `project`, or of `owner` (a user key, which without scopes can do all that its owner can).

    `expires_at` is aware; `rate_limit` is requests in any 60 seconds (the catalogue's default if None); `environment`
    is the project's if None. `maker` is the ID of the key that makes this one: it hands on nothing that it does not
    have itself, and what is not given comes from there. Raises `Invalid` for a field that breaks a rule, `Refused` for
    what the maker does not have, and `Conflict` (`already_created`) when `form_id` has made a key before.
    """
    now = timezone.now()
    limit = rules.clean_rate_limit(project, rate_limit)
    with transaction.atomic(durable=True):
        ceiling = ceilings.of(maker, project, now) if maker and project else None
        if ceiling:
            owner, limit = ceiling.owner, ceiling.rate_limit(rate_limit, limit)
            expires_at, allowed_ips = ceiling.expires_at(expires_at), ceiling.networks(allowed_ips)
            environment = environment if environment is not None else ceiling.key.environment
        unrestricted = unrestricted or (owner is not None and not scopes)
        granted = rules.clean_scopes(project, scopes, unrestricted=unrestricted, for_owner=owner is not None)
        key, minted = _new(
            actor,
            id=key_id or new_id("key"),
            project=project,
            owner=rules.check_owner(project, owner),
            name=rules.clean_name(name),
            environment=rules.clean_environment(project, environment),
            unrestricted=unrestricted,
            rate_limit=limit,
            allowed_ips=rules.clean_networks(allowed_ips),
            created_at=now,
            expires_at=rules.clean_expiry(expires_at, now),
            form_id=form_id,
        )
        if ceiling:
            ceiling.check(key, granted)
        _record_expired_namesakes(key, now)
        _insert(key, granted)
        _audit(EventType.KEY_CREATED, actor, key, _facts(key, granted))
    return NewKey(key, minted)


def rotate_key(
    *,
    actor: Actor,
    key: Key,
    grace: int,
    expires_at: datetime | None = None,
    key_id: str | None = None,
    maker: str | None = None,
) -> NewKey:
    """A successor with the same name, grants, limits, owner, addresses and, unless `expires_at` is given, the same end.

    Both work for `grace` seconds (0 to 30 days), then the old key stops, or at its own end if that is earlier. The
    successor begins with what the old key has used of its minute, and with its history (`lineage`). Raises
    `Invalid`, `Conflict` (`already_rotated`, `key_ended`), and `Refused` when the `maker`, the ID of the key that asks,
    does not have what the successor has, or when a user asks for the user key of another, in whose name it acts.
    """
    grace = rules.check_grace(grace)
    with gate.changing(digests=[bytes(key.digest)]), transaction.atomic(durable=True):
        rows = Key.objects.select_for_update(of=("self",)).select_related("project", "owner")
        # Always in the same order: two keys that rotate each other would wait for each other for ever.
        row = {row.pk: row for row in rows.filter(pk__in={key.pk, maker or key.pk}).order_by("pk")}[key.pk]
        now = max(timezone.now(), row.created_at + _TICK)  # the machine that has made the key may be ahead of this one
        ceiling = ceilings.of(maker, row.project, now) if maker and row.project else None
        _check_rotation(actor, row, now)
        successor, minted = _successor(actor, row, now, rules.clean_expiry(expires_at, now), key_id)
        scopes = row.scopes
        if ceiling:
            ceiling.check(successor, scopes)
        ends = now + timedelta(seconds=grace)
        ends = min(ends, row.expires_at or ends)
        _set(row, rotated_to_id=successor.pk, expires_at=ends)
        _insert(successor, scopes)
        _audit(EventType.KEY_CREATED, actor, successor, {**_facts(successor, scopes), "rotated_from": row.pk})
        facts = {"mask": row.mask, "rotated_to": successor.pk, "works_until": rfc3339(ends)}
        _audit(EventType.KEY_ROTATED, actor, row, facts)
        if not grace:
            _record_expiry(row, ends)  # so that it has ended whatever the clock of Redis says
    gate.carry_window(old=_named(row), new=_named(successor))
    return NewKey(successor, minted)


def revoke_key(*, actor: Actor, key: Key, reason: str) -> Key:
    """The key, revoked: no request that starts after this returns is accepted, by any process.

    A key that has ended already, also by its expiry, stays as it is; but what expired this very minute may not have by
    the clock that decides, and is revoked. Raises `Invalid` when there is no reason.
    """
    reason = rules.clean_reason(reason)
    with gate.changing(digests=[bytes(key.digest)]), transaction.atomic(durable=True):
        row = Key.objects.select_for_update().get(pk=key.pk)
        now = timezone.now()
        if row.status(now - CLOCKS_DIFFER) != Status.ACTIVE:
            return row
        _set(row, revoked_at=now, revoked_by=actor.label[:254], revoke_reason=reason)
        _audit(EventType.KEY_REVOKED, actor, row, {"reason": reason, "mask": row.mask})
    return row


def delete_key(*, actor: Actor, key: Key) -> Key:
    """The key, stopped for good and off every list but the audit's. A deleted key stays as it is."""
    with gate.changing(digests=[bytes(key.digest)]), transaction.atomic(durable=True):
        row = Key.objects.select_for_update().get(pk=key.pk)
        if not row.deleted_at:
            _delete(actor, row)
    return row


def delete_keys_of(*, actor: Actor, owner: User) -> int:
    """Deletes all keys of the user that nobody has revoked, inside the caller's transaction, which tells the gate.

    Returns how many they were. Also the successor of a key that is being rotated at this moment.
    """
    rows = Key.objects.filter(owner=owner, revoked_at=None, deleted_at=None).select_for_update().order_by("pk")
    deleted = 0
    while found := list(rows.all()):  # asked anew
        for row in found:
            _delete(actor, row)
        deleted += len(found)
    return deleted


def set_rate_limit(*, actor: Actor, key: Key, limit: int) -> Key:
    """The key with a limit of `limit` requests in any 60 seconds, which holds at once. Raises `Invalid`, `Conflict`."""
    limit = rules.check_rate_limit(limit)
    with gate.changing(digests=[bytes(key.digest)]), transaction.atomic(durable=True):
        row = Key.objects.select_for_update().get(pk=key.pk)
        if row.revoked_at or row.deleted_at:
            raise Conflict("The key has been revoked: its limit cannot change any more.", "key_ended")
        before = row.rate_limit
        if before != limit:
            _set(row, rate_limit=limit)
            _audit(EventType.KEY_LIMIT_CHANGED, actor, row, {"from": before, "to": limit})
    return row


def record_expired(*, now: datetime, limit: int = 500) -> int:
    """Writes `key.expired` for keys whose time has come, and returns how many. The gate needs none of this."""
    with transaction.atomic(durable=True):
        due = Key.objects.filter(
            expires_at__lte=now, revoked_at=None, deleted_at=None, expiry_recorded_at=None
        ).select_for_update(skip_locked=True)
        return sum(_record_expiry(key, now) for key in due[:limit])


def tell_changes(now: datetime) -> None:
    """Makes the gate forget again what it holds of keys that changed lately, and all that it was not told of.

    The audit is the list of what changed: it is written in the transaction of the change, whatever happens after.
    """
    gate.catch_up(now.timestamp(), loader.changed_since)


def _new(actor: Actor, **columns: Any) -> tuple[Key, str]:
    """A key that is not stored yet, and its secret."""
    key = Key(created_by=actor.label[:254], **columns)
    minted = secret.mint(secret.prefix(rules.key_prefix(key.project), key.environment))
    key.digest, key.mask = secret.digest(minted), secret.mask(minted)
    return key, minted


def _successor(
    actor: Actor, key: Key, now: datetime, expires_at: datetime | None, key_id: str | None
) -> tuple[Key, str]:
    return _new(
        actor,
        id=key_id or new_id("key"),
        project=key.project,
        owner=key.owner,
        name=key.name,
        environment=key.environment,
        unrestricted=key.unrestricted,
        rate_limit=key.rate_limit,
        allowed_ips=key.allowed_ips,
        created_at=now,
        expires_at=expires_at or key.expires_at,
    )


def _named(key: Key) -> Named:
    return Named(bytes(key.digest), key.pk)


def _check_rotation(actor: Actor, key: Key, now: datetime) -> None:
    if key.owner and actor.kind == "user" and actor.id != str(key.owner.pk):
        raise Refused(f"This is a user key of {key.owner.email}: nobody else can rotate it and see its secret.")
    if key.rotated_to_id:
        raise Conflict(f"The key has been rotated already: {key.rotated_to_id} is its successor.", "already_rotated")
    if key.status(now) != Status.ACTIVE:
        raise Conflict("The key has ended: create a new one.", "key_ended")


def _insert(key: Key, scopes: Sequence[str]) -> None:
    try:
        with transaction.atomic():
            key.save(force_insert=True)
    except IntegrityError as error:
        if key.form_id and Key.objects.filter(form_id=key.form_id).exists():
            raise Conflict(
                "This key has been created already. Its secret was shown once.", "already_created"
            ) from error
        if rules.is_name_taken(key.project, key.owner, key.name):
            raise invalid("/name", rules.NAME_TAKEN, "taken") from error
        raise
    Grant.objects.bulk_create(Grant(key=key, resource=r, action=a) for r, a in (s.split(":") for s in scopes))


def _delete(actor: Actor, key: Key) -> None:
    now = timezone.now()
    by = {} if key.revoked_at else {"revoked_by": actor.label[:254], "revoke_reason": "deleted"}
    _set(key, deleted_at=now, revoked_at=key.revoked_at or now, **by)
    _audit(EventType.KEY_DELETED, actor, key, {"mask": key.mask})


def _record_expired_namesakes(key: Key, now: datetime) -> None:
    """An expired key no longer holds its name, even if nobody has recorded its end yet."""
    where = {"owner": key.owner} if key.owner else {"project": key.project, "owner": None}
    for namesake in Key.objects.filter(
        name=key.name, expires_at__lte=now, revoked_at=None, deleted_at=None, expiry_recorded_at=None, **where
    ):
        _record_expiry(namesake, now)


def _record_expiry(key: Key, now: datetime) -> int:
    updated = Key.objects.filter(pk=key.pk, expiry_recorded_at=None).update(expiry_recorded_at=now)
    if updated:
        rotated = {"rotated_to": key.rotated_to_id} if key.rotated_to_id else {}
        _audit(EventType.KEY_EXPIRED, CLOCK, key, {"mask": key.mask, **rotated})
    return updated


def _set(key: Key, **values: Any) -> None:
    for field, value in values.items():
        setattr(key, field, value)
    key.save(update_fields=list(values))


def _facts(key: Key, scopes: Sequence[str]) -> dict[str, Any]:
    return {
        "mask": key.mask,
        "scopes": list(scopes),
        "unrestricted": key.unrestricted,
        "expires_at": rfc3339(key.expires_at),
        "rate_limit_per_minute": key.rate_limit,
        "allowed_ips": key.allowed_ips,
        "owner": key.owner.email if key.owner else None,
    }


def _audit(event: EventType, actor: Actor, key: Key, data: dict[str, Any]) -> None:
    audit.record(
        event,
        actor=actor,
        project_id=key.project_id or "",
        target_id=key.id,
        target_label=key.name,
        data=data,
    )
