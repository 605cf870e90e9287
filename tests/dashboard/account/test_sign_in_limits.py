"""How often a sign-in can fail, and that this shuts nobody out of their own account."""

from __future__ import annotations

import time

import pytest
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import User
from tests.dashboard.account.signing_in import TOO_MANY, URL, events, fail, sign_in
from tests.make import PASSWORD

pytestmark = pytest.mark.django_db


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
