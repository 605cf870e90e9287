"""The life of a key: what each change writes, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core import secret
from apps.core.errors import Conflict, Invalid
from apps.keys import service
from apps.keys.models import Key
from apps.projects.models import Project
from tests import make

pytestmark = pytest.mark.django_db


def _events(key: Key) -> list[str]:
    return list(Event.objects.filter(target_id=key.id).order_by("at", "id").values_list("type", flat=True))


def _pointers(error: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [fault.pointer for fault in error.value.errors]


def test_create_returns_the_secret_and_stores_its_digest_only(project: Project) -> None:
    made = make.new_key(project, "Website")
    row = Key.objects.get()
    assert bytes(row.digest) == secret.digest(made.secret)
    assert made.secret.startswith("sk_live_")
    assert row.mask == f"sk_live_…{made.secret[-4:]}"
    assert made.secret not in str(vars(row)) + repr(made) + str(row)


def test_environment_of_the_project_sets_the_prefix(alice: User) -> None:
    made = make.new_key(make.project("Sandbox", administrator=alice, environment="test"))
    assert made.secret.startswith("sk_test_")


def test_create_writes_its_audit_event_without_the_secret(project: Project) -> None:
    made = make.new_key(project, "Website", rate_limit=100)
    event = Event.objects.get(target_id=made.key.id)
    assert (event.type, event.project_id, event.actor_label) == ("key.created", project.id, "tester@example.com")
    assert event.data["scopes"] == ["leads:read"]
    assert event.data["rate_limit_per_minute"] == 100
    assert made.secret not in str(event.data)


def test_nothing_is_written_when_the_audit_fails(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise IntegrityError("no room")

    monkeypatch.setattr("apps.audit.service.record", fail)
    with pytest.raises(IntegrityError):
        make.new_key(project)
    assert not Key.objects.exists()


def test_default_limit_comes_from_the_catalogue(project: Project) -> None:
    assert make.key(project).rate_limit == 60


@pytest.mark.parametrize(
    ("over", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "   "}, "/name"),
        ({"name": "x" * 81}, "/name"),
        ({"name": "x" * 10_000}, "/name"),
        ({"name": "\u200b\u200b"}, "/name"),
        ({"name": "\u2800"}, "/name"),
        ({"name": "\u3164"}, "/name"),
        ({"name": "a\u202eb"}, "/name"),
        ({"name": "a\u2066b"}, "/name"),
        ({"name": "a\0b"}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"name": "a\ud800b"}, "/name"),
        ({"name": None}, "/name"),
        ({"name": 7}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["leads:manage"]}, "/scopes/0"),
        ({"scopes": ["leads:read", "opportunities:read"]}, "/scopes/1"),
        ({"scopes": ["analytics:write"]}, "/scopes/0"),
        ({"scopes": [["leads:read"]]}, "/scopes/0"),
        ({"scopes": "leads:read"}, "/scopes"),
        ({"scopes": [], "unrestricted": True}, "/unrestricted"),
        ({"scopes": ["leads:read"], "unrestricted": True}, "/scopes"),
        ({"rate_limit": 0}, "/rate_limit_per_minute"),
        ({"rate_limit": -1}, "/rate_limit_per_minute"),
        ({"rate_limit": 1_000_001}, "/rate_limit_per_minute"),
        ({"rate_limit": True}, "/rate_limit_per_minute"),
        ({"rate_limit": 1.5}, "/rate_limit_per_minute"),
        ({"allowed_ips": ["nonsense"]}, "/allowed_ips/0"),
        ({"allowed_ips": ["fe80::1%eth0"]}, "/allowed_ips/0"),
        ({"allowed_ips": ["10.0.0.0/8", "10.0.0.1/8"]}, "/allowed_ips/1"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "/expires_at"),
        ({"expires_at": datetime(9999, 12, 31, tzinfo=UTC)}, "/expires_at"),
        ({"expires_at": datetime(2100, 1, 1)}, "/expires_at"),  # noqa: DTZ001
    ],
)
def test_create_refuses_bad_input_beside_its_field(project: Project, over: dict[str, Any], pointer: str) -> None:
    fields: dict[str, Any] = {"name": "Website", "scopes": ["leads:read"], **over}
    with pytest.raises(Invalid) as error:
        service.create_key(actor=make.TESTER, project=project, **fields)
    assert pointer in _pointers(error)
    assert not Key.objects.exists()
    assert not Event.objects.filter(type="key.created").exists()


@pytest.mark.parametrize(
    "name", ["<b>Website</b>", "👩‍💻 laptop", "日本", "O'Neil & Söhne", "שלום", "x" * 80, "a`$(ls)"]
)
def test_create_takes_any_visible_name_as_it_is(project: Project, name: str) -> None:
    assert make.key(project, name).name == name


def test_spaces_around_and_doubled_in_a_name_are_dropped(project: Project) -> None:
    assert make.key(project, "  My   site ").name == "My site"


def test_name_is_unique_among_active_keys(project: Project, alice: User) -> None:
    make.key(project, "Website")
    with pytest.raises(Invalid) as error:
        make.key(project, "Website")
    assert error.value.errors[0].code == "taken"
    make.key(make.project("Other", administrator=alice), "Website")
    make.new_key(None, "Website", owner=alice)


def test_name_of_a_revoked_key_is_free_again(project: Project) -> None:
    service.revoke_key(actor=make.TESTER, key=make.key(project, "Website"), reason="replaced")
    assert make.key(project, "Website").name == "Website"


def test_name_of_an_expired_key_is_free_again_and_its_end_is_recorded(project: Project) -> None:
    old = make.expire(make.key(project, "Website", expires_at=timezone.now() + timedelta(days=1)))
    make.key(project, "Website")
    assert _events(old) == ["key.created", "key.expired"]


def test_same_form_never_makes_a_second_key(project: Project) -> None:
    make.key(project, "Website", form_id="f1")
    with pytest.raises(Conflict) as error:
        make.key(project, "Another", form_id="f1")
    assert error.value.code == "already_created"
    assert Key.objects.count() == 1


def test_addresses_are_kept_as_they_are_compared(project: Project) -> None:
    given = ["::ffff:192.0.2.7", "::ffff:192.0.2.0/120", "2001:DB8::/32", "192.0.2.7"]
    assert make.key(project, allowed_ips=given).allowed_ips == ["192.0.2.7/32", "192.0.2.0/24", "2001:db8::/32"]


def test_key_of_a_project_cannot_belong_to_somebody_outside(project: Project, mallory: User, bob: User) -> None:
    with pytest.raises(Invalid) as error:
        make.key(project, owner=mallory)
    assert _pointers(error) == ["/owner"]
    assert make.key(project, owner=bob).owner == bob


def test_key_that_has_expired_keeps_its_cause(project: Project) -> None:
    key = make.expire(make.key(project, expires_at=timezone.now() + timedelta(days=1)), ago=timedelta(minutes=2))
    assert service.revoke_key(actor=make.TESTER, key=key, reason="leaked").revoked_at is None
    assert key.status(timezone.now()) == "expired"


def test_key_that_expires_this_minute_is_revoked_all_the_same(project: Project) -> None:
    """By the clock of Redis, which decides, it may have some seconds left."""
    key = make.expire(make.key(project, expires_at=timezone.now() + timedelta(days=1)))
    assert service.revoke_key(actor=make.TESTER, key=key, reason="leaked").revoked_at is not None


def test_revoke_keeps_the_row_and_says_who_when_and_why(project: Project) -> None:
    key = service.revoke_key(actor=make.TESTER, key=make.key(project), reason="leaked")
    row = Key.objects.get(pk=key.pk)
    assert (row.revoked_by, row.revoke_reason) == ("tester@example.com", "leaked")
    assert row.revoked_at is not None
    assert row.status(timezone.now()) == "revoked"
    assert _events(key) == ["key.created", "key.revoked"]


def test_second_revoke_changes_nothing(project: Project) -> None:
    key = service.revoke_key(actor=make.TESTER, key=make.key(project), reason="leaked")
    again = service.revoke_key(actor=make.TESTER, key=key, reason="unused")
    assert (again.revoked_at, again.revoke_reason) == (key.revoked_at, "leaked")
    assert _events(key) == ["key.created", "key.revoked"]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "a\0b", None])
def test_revoke_needs_a_reason(project: Project, reason: Any) -> None:
    key = make.key(project)
    with pytest.raises(Invalid) as error:
        service.revoke_key(actor=make.TESTER, key=key, reason=reason)
    assert _pointers(error) == ["/reason"]
    key.refresh_from_db()
    assert key.revoked_at is None


def test_delete_revokes_and_hides(project: Project) -> None:
    key = service.delete_key(actor=make.TESTER, key=make.key(project))
    assert key.status(timezone.now()) == "deleted"
    assert key.revoked_at is not None
    assert service.delete_key(actor=make.TESTER, key=key).deleted_at == key.deleted_at
    assert _events(key) == ["key.created", "key.deleted"]


def test_limit_of_a_revoked_key_cannot_change(project: Project) -> None:
    key = service.revoke_key(actor=make.TESTER, key=make.key(project), reason="leaked")
    with pytest.raises(Conflict):
        service.set_rate_limit(actor=make.TESTER, key=key, limit=100)


def test_changed_limit_is_recorded_with_both_values(project: Project) -> None:
    key = service.set_rate_limit(actor=make.TESTER, key=make.key(project), limit=100)
    service.set_rate_limit(actor=make.TESTER, key=key, limit=100)
    assert [e.data for e in Event.objects.filter(type="key.limit_changed")] == [{"from": 60, "to": 100}]


def test_expiry_is_recorded_once(project: Project) -> None:
    key = make.expire(make.key(project, expires_at=timezone.now() + timedelta(days=1)))
    now = timezone.now()
    assert [service.record_expired(now=now), service.record_expired(now=now)] == [1, 0]
    assert _events(key) == ["key.created", "key.expired"]


def test_database_itself_refuses_what_the_rules_refuse(project: Project) -> None:
    key = make.key(project)
    for bad in ({"rate_limit": 0}, {"expires_at": key.created_at}, {"environment": "prod"}, {"project": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Key.objects.filter(pk=key.pk).update(**bad)
