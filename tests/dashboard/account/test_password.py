"""A forgotten password, and a new one."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django_tasks_db.models import DBTaskResult

from apps.accounts import tasks
from apps.accounts.models import User
from apps.audit.models import Event
from tests.make import PASSWORD
from tests.pages import signed_in

pytestmark = pytest.mark.django_db
RESET = "/accounts/password/reset/"
CHANGE = "/accounts/password/change/"
NEW = "quite another long sentence"


def link(user: User) -> str:
    """The path that the worker's mail leads to."""
    tasks.send_password_reset.call(user.email)
    found = re.search(rf"{re.escape(settings.BASE_URL)}(/\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def set_password(client: Client, path: str) -> int:
    """Follows the link and fills in the form; the status of the answer."""
    form = client.get(path, follow=True).redirect_chain[-1][0]
    return client.post(form, {"password1": NEW, "password2": NEW}).status_code


def can_sign_in(user: User, password: str) -> bool:
    return Client().post("/accounts/login/", {"login": user.email, "password": password}).status_code == 302


def is_signed_in(client: Client) -> bool:
    return client.get(CHANGE).status_code == 200


# --- Forgotten


def test_the_answer_is_the_same_for_known_and_unknown_addresses(alice: User) -> None:
    answers = [Client().post(RESET, {"email": email}) for email in ("Alice@example.com", "nobody@example.com")]
    assert {(a.status_code, a["Location"]) for a in answers} == {(302, f"{RESET}done/")}
    assert sorted(t.args_kwargs["args"][0] for t in DBTaskResult.objects.all()) == [alice.email, "nobody@example.com"]
    assert mail.outbox == [], "the page itself sends nothing: that would take longer for a known address"


@pytest.mark.parametrize("email", ["", "alice", "a" * 10_000, "alice@example.com\x00", "a@b.com\nBcc: c@d.com"])
def test_what_is_no_address_is_said_beside_the_field(email: str) -> None:
    answer = Client().post(RESET, {"email": email})
    assert answer.status_code == 200
    assert 'id="id_email_error"' in answer.content.decode()
    assert not DBTaskResult.objects.exists()


def test_nobody_floods_a_mailbox(alice: User) -> None:
    answers = [Client().post(RESET, {"email": alice.email}, REMOTE_ADDR=f"192.0.2.{n}") for n in range(4)]
    assert [a.status_code for a in answers] == [302, 302, 302, 429]
    assert "Too many attempts" in answers[-1].content.decode()


def test_the_link_sets_a_password_once_and_ends_all_sessions(alice: User) -> None:
    elsewhere, path = signed_in(alice), link(alice)
    assert set_password(Client(), path) == 302
    assert can_sign_in(alice, NEW)
    assert not can_sign_in(alice, PASSWORD)
    assert not is_signed_in(elsewhere)
    page = Client().get(path)
    assert "This link does not work any more" in page.content.decode()
    [event] = Event.objects.filter(type="user.password_changed")
    assert event.target_label == alice.email


def test_setting_a_password_by_the_link_does_not_sign_in(alice: User) -> None:
    client = Client()
    set_password(client, link(alice))
    assert not is_signed_in(client)
    assert "Your password is set" in client.get(f"{RESET}key/done/").content.decode()


def test_the_key_of_a_link_is_not_in_the_address_of_the_form(alice: User) -> None:
    path = link(alice)
    opened = Client().get(path, follow=True)
    assert opened.redirect_chain[-1][0].endswith("-set-password/")
    assert path.split("-", 1)[1].rstrip("/") not in opened.content.decode()


@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        ("short", None, "too short"),
        ("alice@example.com", None, "too similar"),
        ("x" * 257, None, "256"),
        (NEW, "something else entirely", "same password"),
        ("", None, "required"),
    ],
)
def test_a_weak_or_mistyped_password_is_said_beside_the_field(
    alice: User, password: str, again: str | None, words: str
) -> None:
    client = Client()
    form = client.get(link(alice), follow=True).redirect_chain[-1][0]
    page = client.post(form, {"password1": password, "password2": password if again is None else again})
    assert page.status_code == 200
    assert words in page.content.decode()
    assert can_sign_in(alice, PASSWORD)


@pytest.mark.parametrize("key", ["abc-def", "0-0", "x" * 500 + "-y", "00000000000000000000000000000000-abc-def"])
def test_a_made_up_link_is_said_to_be_none(alice: User, key: str) -> None:
    answer = Client().get(f"{RESET}key/{key}/")
    assert answer.status_code == 200
    assert "This link does not work any more" in answer.content.decode()


def test_a_reset_opens_an_account_again_that_was_closed_by_failures(alice: User) -> None:
    for _ in range(10):
        assert not can_sign_in(alice, "a wrong password")
    assert not can_sign_in(alice, PASSWORD)
    set_password(Client(), link(alice))
    assert can_sign_in(alice, NEW)


# --- Changed


def change(client: Client, old: str = PASSWORD, new: str = NEW, again: str | None = None) -> tuple[int, str]:
    data = {"oldpassword": old, "password1": new, "password2": new if again is None else again}
    answer = client.post(CHANGE, data)
    return answer.status_code, answer.content.decode()


def test_a_change_keeps_this_session_and_ends_the_others(alice: User) -> None:
    here, elsewhere = signed_in(alice), signed_in(alice)
    assert change(here)[0] == 302
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert can_sign_in(alice, NEW)
    assert [t.task_path for t in DBTaskResult.objects.all()] == ["apps.accounts.tasks.send_password_changed"]


@pytest.mark.parametrize(
    ("old", "new", "again", "words"),
    [
        ("not the password", NEW, None, "not your present password"),
        (PASSWORD, "short", None, "too short"),
        (PASSWORD, NEW, "something else entirely", "same password"),
        (PASSWORD, "x" * 257, None, "256"),
        ("x" * 257, NEW, None, "256"),
        (PASSWORD, "a\x00" + "b" * 20, None, "Null"),
    ],
)
def test_what_is_wrong_with_a_change_is_said_and_changes_nothing(
    alice: User, old: str, new: str, again: str | None, words: str
) -> None:
    status, page = change(signed_in(alice), old, new, again)
    assert status == 200
    assert words in page
    assert can_sign_in(alice, PASSWORD)
    assert not Event.objects.filter(type="user.password_changed").exists()


def test_guessing_the_present_password_is_limited(alice: User) -> None:
    client = signed_in(alice)
    statuses = [change(client, old="a wrong guess")[0] for _ in range(11)]
    assert statuses == [200] * 10 + [429]


def test_no_page_shows_what_was_typed_as_a_password(alice: User) -> None:
    _, page = change(signed_in(alice), old="an-old-typo-1234", new="a-new-typo", again="another")
    assert "an-old-typo-1234" not in page
    assert "a-new-typo" not in page
