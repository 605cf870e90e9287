"""Signing in: what it says, and where it leads."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from apps.accounts.models import User
from apps.projects.models import Project
from tests.dashboard.account.signing_in import URL, WRONG, events, sign_in
from tests.make import PASSWORD
from tests.pages import Answer

pytestmark = pytest.mark.django_db


def test_the_page_has_the_labels_that_people_look_for() -> None:
    page = Client().get(URL).content.decode()
    for part in (">Email</label>", ">Password</label>", ">Sign in</button>", "<h1", "Forgot your password?"):
        assert part in page


def test_the_right_password_signs_in_and_is_recorded(alice: User) -> None:
    client = Client()
    answer = sign_in(client=client, ip="192.0.2.44")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(alice.pk)
    [event] = events("user.signed_in")
    assert (event.target_id, event.actor_label, event.ip) == (str(alice.pk), alice.email, "192.0.2.44")


@pytest.mark.parametrize("email", ["ALICE@example.com", " alice@Example.com "])
def test_the_case_of_an_address_does_not_matter(alice: User, email: str) -> None:
    assert sign_in(email).status_code == 302


def test_signing_in_starts_a_new_session(alice: User) -> None:
    client = Client()
    client.get(URL)
    session = client.session
    session["planted"] = "yes"
    session.save()
    before = session.session_key
    client.cookies["boltkeys_session"] = str(before)
    sign_in(client=client)
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_an_unknown_user_a_wrong_password_and_a_disabled_account_look_alike(alice: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    answers = [sign_in(password="a wrong password"), sign_in("nobody@example.com"), sign_in("bob@example.com")]
    pages = {_comparable(answer) for answer in answers}
    assert len(pages) == 1
    assert WRONG in pages.pop()
    assert [e.target_label for e in events("user.sign_in_failed")] == [alice.email, "nobody@example.com", bob.email]
    assert {e.actor_kind for e in events("user.sign_in_failed")} == {"system"}


def _comparable(answer: Answer) -> str:
    """Without what differs between any two answers: the token of the form and the address that was typed."""
    assert answer.status_code == 200
    lines = answer.content.decode().splitlines()
    return "\n".join(line for line in lines if "csrfmiddlewaretoken" not in line and 'name="login"' not in line)


@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
def test_a_failure_costs_one_hash_whether_or_not_there_is_an_account(
    alice: User, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    for name in ("encode", "verify"):
        original = getattr(Argon2PasswordHasher, name)

        def counted(self: Argon2PasswordHasher, *args: Any, _original: Any = original, **kwargs: Any) -> Any:
            hashed.append("once")
            return _original(self, *args, **kwargs)

        monkeypatch.setattr(Argon2PasswordHasher, name, counted)
    sign_in(email, "a wrong password")
    assert hashed == ["once"]


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("", PASSWORD),
        ("alice@example.com", ""),
        ("alice", PASSWORD),
        ("a" * 10_000 + "@example.com", PASSWORD),
        ("alice@example.com\x00", PASSWORD),
        ("alice@example.com\r\nBcc: x@example.com", PASSWORD),
        ("<script>alert(1)</script>@example.com", PASSWORD),
        ("alice@example.com", "x" * 257),
        ("alice@example.com", "x" * 900_000),
        ("alice@example.com", "a\x00b"),
        ("\ud800@example.com".encode("utf-8", "surrogatepass").decode("latin-1"), PASSWORD),
    ],
)
def test_odd_input_gets_a_message_and_no_hash_is_computed(
    alice: User, email: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("allauth.account.adapter.authenticate", pytest.fail)
    answer = sign_in(email, password)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'role="alert"' in page
    assert "<script>alert" not in page


def test_a_body_of_two_megabytes_is_refused(alice: User) -> None:
    answer = sign_in(password="x" * 2_000_000)
    assert answer.status_code == 413
    assert "more than 1 MB" in answer.content.decode()


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "http:evil.example",
        "http://testserver.evil.example/",
        "http://testserver/projects/",
        "javascript:alert(1)",
        "\x00//evil.example",
        " //evil.example",
        "/\t/evil.example",
        "evil.example",
    ],
)
def test_a_sign_in_leads_nowhere_else(alice: User, target: str) -> None:
    assert sign_in(next=target)["Location"] == "/"
    client = Client()
    assert client.post(f"{URL}?next={target.strip()}", {"login": alice.email, "password": PASSWORD})["Location"] == "/"
    # Whoever is signed in already is sent on at once, and whoever signs out as well.
    assert client.get(URL, {"next": target})["Location"] == "/"
    assert client.post("/accounts/logout/", {"next": target})["Location"] == URL


def test_a_sign_in_leads_back_to_the_page_that_was_asked_for(project: Project) -> None:
    client = Client()
    wanted = f"/projects/{project.slug}/team/?x=1"
    answer = client.get(wanted)
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert 'name="next"' in page
    assert sign_in(client=client, next=wanted)["Location"] == wanted


@pytest.mark.parametrize(
    "path",
    [
        "signup/", "email/", "confirm-email/", "confirm-email/abc/", "inactive/", "password/set/", "reauthenticate/",
        "login/code/", "login/code/confirm/", "password/reset/complete/", "social/signup/", "", "2fa/", "sessions/",
    ],
)  # fmt: skip
def test_nothing_else_of_allauth_can_be_reached(alice: User, path: str) -> None:
    client = Client()
    client.force_login(alice)
    assert client.get(f"/accounts/{path}").status_code == 404
    with pytest.raises(Resolver404):
        resolve(f"/accounts/{path}")


@pytest.mark.parametrize("name", ["account_signup", "account_email", "account_inactive", "account_set_password"])
def test_their_names_lead_nowhere(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)
