"""Plain functions that make what a test needs, through the services where there is one."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from django.utils.text import slugify

from apps.accounts.models import User
from apps.core.actor import Actor
from apps.keys import service
from apps.keys.models import Key
from apps.keys.service import NewKey
from apps.projects.models import MemberGrant, Membership, Project, Role

PASSWORD = "correct horse battery staple"
TESTER = Actor("user", "tester", "tester@example.com", "192.0.2.1", "req_test")


@cache
def _hashed(password: str) -> str:
    return make_password(password)


def user(email: str, password: str = PASSWORD, **fields: Any) -> User:
    """Hashed once per run: a good hash is slow."""
    return User.objects.create(email=email, password=_hashed(password), **fields)


def project(
    name: str = "Acme Calls",
    *,
    catalogue: str = "boltcall",
    administrator: User | None = None,
    environment: str = "live",
) -> Project:
    made = Project.objects.create(name=name, slug=slugify(name), catalogue=catalogue, environment=environment)
    if administrator:
        member(made, administrator, Role.ADMINISTRATOR)
    return made


def member(project: Project, user: User, role: str, scopes: tuple[str, ...] = ()) -> Membership:
    membership = Membership.objects.create(project=project, user=user, role=role)
    pairs = [scope.split(":") for scope in scopes]
    MemberGrant.objects.bulk_create(MemberGrant(membership=membership, resource=r, action=a) for r, a in pairs)
    return membership


def new_key(project: Project | None, name: str = "Website", **over: Any) -> NewKey:
    """A key with its secret; reads leads unless told otherwise."""
    if project is not None and not over.get("unrestricted"):
        over.setdefault("scopes", ["leads:read"])
    return service.create_key(actor=TESTER, project=project, name=name, **over)


def key(project: Project | None, name: str = "Website", **over: Any) -> Key:
    return new_key(project, name, **over).key


def expire(key: Key, ago: timedelta = timedelta(seconds=1)) -> Key:
    """Moves the whole life of the key into the past, past the caches: the clock cannot be moved."""
    now: datetime = timezone.now()
    Key.objects.filter(pk=key.pk).update(created_at=now - ago - timedelta(days=30), expires_at=now - ago)
    key.refresh_from_db()
    flush_redis()
    return key


def flush_redis() -> None:
    if settings.REDIS_URL:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.flushdb()
