"""Mails about accounts, as the worker sends them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from apps.accounts import tasks
from apps.accounts.mail import RETRY_AFTER
from apps.accounts.models import User

pytestmark = pytest.mark.django_db


def test_the_owner_gets_a_link_with_a_token_that_is_good(alice: User) -> None:
    tasks.send_password_reset.call(alice.email)
    [message] = mail.outbox
    assert message.to == [alice.email]
    link = re.search(rf"{re.escape(settings.BASE_URL)}/accounts/password/reset/key/(\w+)-(\S+)/", str(message.body))
    assert link is not None
    assert link[1] == alice.pk.hex
    assert default_token_generator.check_token(alice, link[2])


def test_nobody_gets_a_mail_for_an_unknown_or_disabled_account(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    tasks.send_password_reset.call(alice.email)
    tasks.send_password_reset.call("nobody@example.com")
    assert mail.outbox == []


def test_a_token_does_not_outlive_a_password_change(alice: User) -> None:
    token = default_token_generator.make_token(alice)
    alice.set_password("quite another long sentence")
    alice.save()
    assert not default_token_generator.check_token(alice, token)


def test_the_owner_is_told_of_a_new_password(alice: User) -> None:
    tasks.send_password_changed.call(alice.email)
    [message] = mail.outbox
    assert (message.to, message.subject) == ([alice.email], "Your boltkeys password was changed")
    assert f"{settings.BASE_URL}/accounts/password/reset/" in str(message.body)


def test_a_mail_server_that_is_away_is_tried_again_later(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.accounts.mail.send", _refuse)
    before = timezone.now()
    tasks.send_password_reset.call(alice.email)
    [queued] = DBTaskResult.objects.all()
    assert queued.args_kwargs["args"] == [alice.email, 1]
    assert queued.run_after >= before + RETRY_AFTER[0]


def test_the_last_attempt_fails_aloud(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.accounts.mail.send", _refuse)
    with pytest.raises(ConnectionRefusedError):
        tasks.send_password_reset.call(alice.email, len(RETRY_AFTER))
    assert not DBTaskResult.objects.exists()


def _refuse(**_: Any) -> None:
    raise ConnectionRefusedError
