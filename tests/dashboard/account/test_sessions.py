"""Sessions: how they are kept, how long they last, and what ends them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.projects.models import Project
from boltkeys import checks
from tests.dashboard.account.signing_in import URL, events, sign_in

pytestmark = pytest.mark.django_db


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
