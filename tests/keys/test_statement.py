"""The query that is worded once gives what the ORM would give, from either database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from apps.accounts.models import User
from apps.core import secret
from apps.core.actor import OPERATOR
from apps.keys import loader, service
from apps.keys.models import Key
from apps.projects.models import Project
from tests import make

pytestmark = pytest.mark.django_db


def test_rows_are_those_of_the_orm(project: Project, bob: User) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    ended = make.new_key(project, "Ended", owner=bob, scopes=["leads:read", "leads:write"])
    service.revoke_key(actor=OPERATOR, key=ended.key, reason="Leaked")
    all_kinds = [
        ended,
        make.new_key(project, "Plain", expires_at=soon, scopes=["leads:read"]),
        make.new_key(None, "Own", owner=bob),
    ]
    Key.objects.filter(pk=all_kinds[1].key.pk).update(allowed_ips=["10.0.0.0/8", "::1/128"])
    names = loader._RECORD._names
    for made in all_kinds:
        digest = secret.digest(made.secret)
        assert loader._RECORD.rows(digest) == list(Key.objects.filter(digest=digest).values(*names)) != []


def test_nobody_s_digest_has_no_rows() -> None:
    assert loader._RECORD.rows(bytes(32)) == []


def test_query_is_worded_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (secret.digest(make.new_key(project, name).secret) for name in ("One", "Two"))
    assert loader._RECORD.rows(first)
    monkeypatch.delattr(SQLCompiler, "as_sql")
    assert loader._RECORD.rows(second)
    with pytest.raises(AttributeError):
        Key.objects.get(digest=second)
