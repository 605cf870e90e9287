"""The changes that tests make, by the services that pages and endpoints call."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.utils import timezone

from apps.accounts.models import User
from apps.core.actor import OPERATOR
from apps.gate import gate as _gate
from apps.keys import service as _keys
from apps.keys.models import Key
from apps.keys.users import delete_user as _delete_user
from apps.projects import catalogues as _catalogues
from apps.projects import service as _projects
from apps.projects.models import Membership, Project
from apps.usage import queries as _usage
from apps.usage import service as _flush
from apps.usage.models import KeyUsage

MANY = 1_000_000


def project(catalogue: str = "boltcall") -> str:
    """The slug of a new project."""
    administrator, _ = User.objects.get_or_create(email="alice@example.com")
    name = f"Acme {uuid4().hex[:8]}"
    return _projects.create_project(actor=OPERATOR, name=name, catalogue=catalogue, admin=administrator).slug


def keys(number: int, project: str | None = None, owner: str | None = None, **over: Any) -> dict[str, str]:
    if moment := over.pop("expires_at", None):
        over["expires_at"] = datetime.fromisoformat(moment)
    how = {"rate_limit": MANY, "scopes": ["leads:read"], **over}
    made = [
        _keys.create_key(
            actor=OPERATOR,
            project=Project.objects.get(slug=project) if project else None,
            owner=User.objects.get(email=owner) if owner else None,
            name=f"Key {uuid4().hex}",
            **how,
        )
        for _ in range(number)
    ]
    return {new.key.id: new.secret for new in made}


def different_keys(number: int, project: str) -> dict[str, tuple[str, list[str]]]:
    """ID → secret and scopes. No two may do the same; every second one may read leads."""
    catalogue = _catalogues.get(Project.objects.get(slug=project).catalogue)
    scopes = sorted(catalogue.scopes, key=lambda scope: (scope != "leads:read", scope))
    made = {}
    for bits in range(1, number + 1):
        granted = [scope for place, scope in enumerate(scopes) if bits >> place & 1]
        ((key, secret),) = keys(1, project, scopes=granted).items()
        made[key] = (secret, granted)
    return made


def revoke(key: str) -> None:
    _keys.revoke_key(actor=OPERATOR, key=_key(key), reason="leaked")


def delete(key: str) -> None:
    _keys.delete_key(actor=OPERATOR, key=_key(key))


def limit(key: str, to: int) -> None:
    _keys.set_rate_limit(actor=OPERATOR, key=_key(key), limit=to)


def lower(key: str) -> None:
    """To less than it has used already."""
    limit(key, 1)


def rotate(key: str) -> str:
    """Without grace: the old key ends by its date, at once."""
    return _keys.rotate_key(actor=OPERATOR, key=_key(key), grace=0).secret


def suspend(project: str) -> None:
    _projects.suspend_project(actor=OPERATOR, project=Project.objects.get(slug=project))


def resume(project: str) -> None:
    _projects.resume_project(actor=OPERATOR, project=Project.objects.get(slug=project))


def member(project: str, role: str = "member", grants: list[str] | None = None) -> str:
    """The e-mail address of a new member."""
    user = User.objects.create(email=f"{uuid4().hex}@example.com")
    where = Project.objects.get(slug=project)
    _projects.add_member(actor=OPERATOR, project=where, user=user, role=role, grants=grants or [])
    return user.email


def demote(member: str) -> None:
    """Takes all grants away."""
    _projects.set_grants(actor=OPERATOR, membership=_membership(member), grants=[])


def make_member(member: str) -> None:
    _projects.change_role(actor=OPERATOR, membership=_membership(member), role="member")


def remove(member: str) -> None:
    _projects.remove_member(actor=OPERATOR, membership=_membership(member))


def delete_user(member: str) -> None:
    _delete_user(actor=OPERATOR, user=User.objects.get(email=member))


def _key(key: str) -> Key:
    return Key.objects.get(pk=key)


def _membership(email: str) -> Membership:
    return Membership.objects.select_related("project", "user").get(user__email=email)


def used(key: str) -> int:
    """Requests of the last 24 hours that were accepted, as the database has it."""
    return _usage.total(key, timezone.now()).as_dict()["24h"]


def counted(keys: list[str]) -> dict[str, int]:
    """The same for each of these keys, 0 where there is none."""
    totals = _usage.totals(keys, timezone.now())
    return {key: totals[key].day if key in totals else 0 for key in keys}


def rows() -> list[list[Any]]:
    """All counts of the database, in one order."""
    cells = KeyUsage.objects.order_by("key_id", "hour", "resource", "outcome")
    return [[*map(str, cell)] for cell in cells.values_list("key_id", "hour", "resource", "outcome", "count")]


def outcomes(key: str) -> dict[str, int]:
    """Requests of the last 24 hours by verdict, as the database has it."""
    return _usage.by_outcome(frozenset({key}), timezone.now(), "24h")


def settle() -> int:
    return _flush.settle()


def store_without_confirming() -> int:
    """Stores all that waits as a flusher does that is killed before it can say so; returns how much was new."""
    return sum(_flush.store(batch) for batch in _gate.batches())
