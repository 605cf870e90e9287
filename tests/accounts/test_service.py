"""The life of an account."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import check_password
from django_tasks_db.models import DBTaskResult

from apps.accounts import service
from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actor import OPERATOR, Actor
from apps.core.errors import Conflict, Invalid
from tests.make import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "quite another long sentence"


def events(kind: str) -> list[Event]:
    return list(Event.objects.filter(type=kind))


def test_a_user_is_made_with_a_clean_address_and_recorded() -> None:
    user = service.create_user(actor=OPERATOR, email=" Dora@Example.com ", password=PASSWORD, name="Dora")
    stored = User.objects.get(email="dora@example.com")
    assert stored == user
    assert stored.check_password(PASSWORD)
    assert stored.name == "Dora"
    [event] = events("user.created")
    assert (event.target_id, event.target_label, event.actor_label) == (str(user.pk), user.email, OPERATOR.label)
    assert PASSWORD not in str(event.data)


def test_a_user_without_a_password_cannot_be_signed_in_to() -> None:
    assert not service.create_user(actor=OPERATOR, email="dora@example.com").has_usable_password()


def test_the_same_address_in_another_case_is_the_same_user(alice: User) -> None:
    with pytest.raises(Conflict) as refused:
        service.create_user(actor=OPERATOR, email="ALICE@example.com", password=PASSWORD)
    assert refused.value.code == "email_taken"
    assert not events("user.created")


def test_finding_a_user_keeps_the_password(alice: User) -> None:
    found, made = service.find_or_create_user(actor=OPERATOR, email="Alice@example.com", password=NEW)
    assert (found, made) == (alice, False)
    assert found.check_password(PASSWORD)


@pytest.mark.parametrize("name", ["\u200b\u200b", "a\u202eb", "x" * 81, "a\x00b"])
def test_odd_names_are_refused(name: str) -> None:
    with pytest.raises(Invalid):
        service.create_user(actor=OPERATOR, email="dora@example.com", password=PASSWORD, name=name)
    assert not User.objects.exists()


def test_a_new_password_is_recorded_and_its_owner_told(alice: User) -> None:
    service.set_password(actor=OPERATOR, user=alice, password=NEW)
    assert alice.check_password(NEW)
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert len(events("user.password_changed")) == 1
    [queued] = DBTaskResult.objects.all()
    assert queued.task_path == "apps.accounts.tasks.send_password_changed"
    assert queued.args_kwargs == {"args": [alice.email], "kwargs": {}}


def test_a_weak_new_password_changes_nothing(alice: User) -> None:
    with pytest.raises(Invalid):
        service.set_password(actor=OPERATOR, user=alice, password="short")
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert not events("user.password_changed")


def test_disabling_is_recorded_once_and_can_be_taken_back(alice: User) -> None:
    for _ in range(2):
        assert not service.disable_user(actor=OPERATOR, user=alice).is_active
    assert not User.objects.get(pk=alice.pk).is_active
    assert len(events("user.disabled")) == 1
    assert service.enable_user(actor=OPERATOR, user=alice).is_active
    assert len(events("user.enabled")) == 1


def test_a_failed_sign_in_is_recorded_whether_or_not_somebody_has_the_address(alice: User) -> None:
    visitor = Actor("system", "visitor", "somebody", "192.0.2.7", "req_1")
    service.record_failed_sign_in(actor=visitor, email=alice.email)
    service.record_failed_sign_in(actor=visitor, email="nobody@example.com")
    rows = {e.target_label: (e.target_id, e.ip) for e in events("user.sign_in_failed")}
    assert rows == {alice.email: (str(alice.pk), "192.0.2.7"), "nobody@example.com": ("", "192.0.2.7")}


def test_a_reset_is_queued_alike_for_known_and_unknown_addresses(alice: User) -> None:
    service.request_password_reset(email=alice.email)
    service.request_password_reset(email="nobody@example.com")
    queued = DBTaskResult.objects.values_list("task_path", "args_kwargs")
    assert sorted(str(args["args"]) for _, args in queued) == [f"['{alice.email}']", "['nobody@example.com']"]
    assert {path for path, _ in queued} == {"apps.accounts.tasks.send_password_reset"}


def test_the_hash_is_slow_on_purpose(alice: User) -> None:
    assert alice.password.startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")
    assert check_password(PASSWORD, alice.password)
