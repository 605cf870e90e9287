"""Signing in: what it says, where it leads, how often it can fail."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.projects.models import Project
from boltkeys import checks
from tests.make import PASSWORD
from tests.pages import Answer

pytestmark = pytest.mark.django_db
URL = "/accounts/login/"
WRONG = "The e-mail address or the password is not right."
TOO_MANY = "Too many failed attempts."


def sign_in(
    email: str = "alice@example.com",
    password: str = PASSWORD,
    *,
    client: Client | None = None,
    ip: str = "192.0.2.1",
    **more: str,
) -> Answer:
    data = {"login": email, "password": password, **more}
    return (client or Client()).post(URL, data, REMOTE_ADDR=ip)


def fail(times: int, email: str = "alice@example.com", ip: str = "192.0.2.1") -> None:
    for _ in range(times):
        assert TOO_MANY not in sign_in(email, "a wrong password", ip=ip).content.decode()


def events(kind: str) -> list[Event]:
    return list(Event.objects.filter(type=kind).order_by("at"))


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


# --- Limits


def test_an_account_is_closed_to_an_address_after_ten_failures(alice: User) -> None:
    fail(10)
    assert TOO_MANY in sign_in().content.decode()
    assert Session.objects.count() == 0


def test_too_many_attempts_are_a_429_that_says_how_long_to_wait(alice: User, settings: LazySettings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login_failed": "20/m/ip,2/3s/key"}
    fail(2)
    time.sleep(1)
    answer = sign_in()
    assert answer.status_code == 429 and answer["Retry-After"] in ("1", "2")
    assert f"Wait {answer['Retry-After']} second" in answer.content.decode()
    time.sleep(int(answer["Retry-After"]))
    assert sign_in().status_code == 302


def test_the_longest_of_the_limits_that_stop_somebody_is_told(alice: User) -> None:
    fail(10)
    assert 290 < int(sign_in()["Retry-After"]) <= 300
    for n in range(2):
        fail(10, ip=f"203.0.113.{n}")
    assert 3500 < int(sign_in()["Retry-After"]) <= 3600
    assert "Wait 60 minutes" in sign_in().content.decode()


def test_the_owner_is_not_shut_out_by_failures_from_elsewhere(alice: User) -> None:
    fail(10, ip="203.0.113.66")
    assert sign_in(ip="192.0.2.1").status_code == 302


def test_failures_from_everywhere_close_an_account_only_to_addresses_it_does_not_know(alice: User) -> None:
    assert sign_in(ip="192.0.2.1").status_code == 302
    for n in range(3):
        fail(10, ip=f"203.0.113.{n}")
    assert TOO_MANY in sign_in(ip="198.51.100.1").content.decode()
    assert sign_in(ip="192.0.2.1").status_code == 302


def test_an_address_that_tries_many_accounts_is_stopped(alice: User) -> None:
    for n in range(20):
        sign_in(f"user{n}@example.com", ip="203.0.113.9")
    assert TOO_MANY in sign_in(ip="203.0.113.9").content.decode()
    assert sign_in(ip="192.0.2.1").status_code == 302


def test_another_spelling_of_the_address_or_host_is_no_way_round_the_limit(alice: User) -> None:
    fail(5)
    fail(5, email="ALICE@EXAMPLE.com")
    for host in ("127.0.0.1", "localhost"):
        data = {"login": alice.email, "password": PASSWORD}
        answer = Client(headers={"host": host}).post(URL, data, REMOTE_ADDR="192.0.2.1")
        assert TOO_MANY in answer.content.decode()


def test_a_forwarded_address_counts_only_behind_a_trusted_proxy(alice: User, settings: LazySettings) -> None:
    def attempt(n: int) -> str:
        data = {"login": alice.email, "password": "a wrong password"}
        return Client().post(URL, data, headers={"X-Forwarded-For": f"203.0.113.{n}"}).content.decode()

    for n in range(10):
        assert TOO_MANY not in attempt(n)
    assert TOO_MANY in attempt(11)
    cache.clear()
    settings.TRUSTED_PROXIES = 1
    for n in range(11):
        assert TOO_MANY not in attempt(n)
    assert events("user.sign_in_failed")[-1].ip == "203.0.113.10"


def test_a_right_password_does_not_use_up_the_limit(alice: User) -> None:
    for _ in range(12):
        assert sign_in().status_code == 302


def test_sign_in_works_and_limits_hold_while_the_cache_is_away(alice: User, settings: LazySettings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "boltkeys.cache.FallbackCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1},
        }
    }
    assert sign_in().status_code == 302
    fail(10)
    assert TOO_MANY in sign_in().content.decode()
    cache.clear()


# --- What there is, and what there is not


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


def test_cookies_are_kept_from_scripts_and_other_sites(alice: User) -> None:
    client = Client()
    client.get(URL)
    sign_in(client=client)
    for name in ("boltkeys_session", "boltkeys_csrf"):
        assert client.cookies[name]["httponly"]
        assert client.cookies[name]["samesite"] == "Lax"


def test_the_page_is_not_kept_by_caches() -> None:
    assert "no-store" in Client().get(URL)["Cache-Control"]


def test_signing_out_ends_the_session_and_needs_a_post(alice: User) -> None:
    client = Client()
    sign_in(client=client)
    assert client.get("/accounts/logout/").status_code == 200
    assert client.get("/accounts/password/change/").status_code == 200
    assert client.post("/accounts/logout/")["Location"] == URL
    assert client.get("/accounts/password/change/").status_code == 302
    assert Session.objects.count() in (0, 1)  # a message for the next page may begin a new, anonymous one


def test_a_form_without_its_token_changes_nothing(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(client=strict).status_code == 403
    assert not events("user.signed_in")


def test_a_disabled_user_is_signed_out_at_once(project: Project, alice: User) -> None:
    client = Client()
    sign_in(client=client)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert client.get(f"/projects/{project.slug}/").status_code == 302


@pytest.mark.parametrize(
    "value", [r'"\000aaaaaaaaaaaaaaaa"', "x" * 4_000, "é" * 40, '"\\377\\377aaaaaaaaa"', "' OR 1=1 --"]
)
def test_a_strange_session_cookie_is_no_session(value: str) -> None:
    answer = Client(headers={"cookie": f"boltkeys_session={value}; boltkeys_csrf={value}; messages={value}"}).get("/")
    assert (answer.status_code, answer["Location"]) == (302, f"{URL}?next=/")


# --- How long a session lasts


def ends_in(moments: timedelta) -> timedelta:
    """Moves the end of the one session there is; how far off it was."""
    session = Session.objects.get()
    was = session.expire_date - timezone.now()
    Session.objects.update(expire_date=timezone.now() + moments)
    return was


def test_a_session_that_nobody_uses_ends(alice: User) -> None:
    client = Client()
    sign_in(client=client)
    assert timedelta(hours=11.9) < ends_in(timedelta(seconds=-1)) <= timedelta(hours=12)
    assert client.get("/accounts/password/change/").status_code == 302


def test_a_session_in_use_goes_on_and_is_written_now_and_then(alice: User) -> None:
    client = Client()
    sign_in(client=client)
    ends_in(timedelta(hours=11))
    answer = client.get("/accounts/password/change/")
    assert answer.cookies["boltkeys_session"]["max-age"] == 12 * 3600
    assert ends_in(timedelta(hours=11.95)) > timedelta(hours=11.9)
    assert "boltkeys_session" not in client.get("/accounts/password/change/").cookies
    assert ends_in(timedelta()) < timedelta(hours=11.96)


def test_a_session_ends_some_days_after_it_began_however_much_it_is_used(alice: User, settings: LazySettings) -> None:
    client = Client()
    sign_in(client=client)
    settings.SESSION_LIFETIME = 3600
    ends_in(timedelta(minutes=30))
    client.get("/accounts/password/change/")
    assert timedelta(minutes=59) < ends_in(timedelta(minutes=58)) <= timedelta(hours=1)
    assert "boltkeys_session" not in client.get("/accounts/password/change/").cookies
    settings.SESSION_LIFETIME = 3600 * 24
    ends_in(timedelta(seconds=-1))
    assert client.get("/accounts/password/change/").status_code == 302


def test_pages_of_somebody_signed_in_are_kept_nowhere(project: Project, alice: User) -> None:
    client = Client()
    assert "Cache-Control" not in client.get("/docs")
    client.force_login(alice)
    for path in ("/docs", "/", f"/projects/{project.slug}/team/", f"/projects/{project.slug}/api-keys/"):
        assert client.get(path)["Cache-Control"] == "no-store", path


@pytest.mark.parametrize(("idle", "days"), [(0, 14), (48, 1), (12, 400)])
def test_sessions_without_an_end_stop_the_start(settings: LazySettings, idle: int, days: int) -> None:
    assert checks.sessions_end(None) == []
    settings.SESSION_COOKIE_AGE, settings.SESSION_LIFETIME = idle * 3600, days * 24 * 3600
    assert [message.id for message in checks.sessions_end(None)] == ["boltkeys.E012"]
