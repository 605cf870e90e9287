"""POST /v1/auth/login, /refresh, /logout: how a person signs in by the API, and what ends it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import LazySettings, settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts import service as accounts
from apps.accounts import tokens
from apps.accounts.models import RefreshToken, TokenFamily, User
from apps.api.models import KeptAnswer
from apps.audit.models import Event
from apps.projects.models import Membership, Project
from tests import make
from tests.api.call import call, data, pointers, problem
from tests.api.people import access_of, logout, refresh, sign_in, tokens_of
from tests.make import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = "/v1/auth/login"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


def works(access: str) -> bool:
    response = call("GET", "/v1/me", access)
    assert response.status_code in (200, 401), response.content
    return response.status_code == 200


def test_right_password_gets_a_pair_of_tokens(project: Project, alice: User) -> None:
    response = sign_in("  Alice@Example.com ")
    made = data(response)
    assert set(made) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (made["token_type"], made["expires_in"]) == ("Bearer", 900)
    assert re.fullmatch(r"rt_[0-9A-Za-z]{43}", made["refresh_token"])
    assert response["Cache-Control"] == "no-store"
    me = data(call("GET", "/v1/me", made["access_token"]))
    assert (me["type"], me["key"], me["user"]) == ("user", None, {"id": str(alice.pk), "email": alice.email})
    assert me["project"]["id"] == project.id and "leads:write" in me["scopes"]
    event = Event.objects.get(type="user.signed_in")
    assert (event.actor_label, event.target_id, event.ip) == (alice.email, str(alice.pk), "127.0.0.1")


def test_access_token_has_every_claim_and_is_signed_with_the_key_as_it_stands(alice: User) -> None:
    token = tokens_of(alice)["access_token"]
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(token, settings.JWT_SIGNING_KEY, algorithms=["HS256"], audience=f"{settings.BASE_URL}/v1")
    assert set(claims) == {"iss", "aud", "sub", "fam", "type", "jti", "iat", "exp"}
    assert (claims["iss"], claims["sub"], claims["type"]) == (settings.BASE_URL, str(alice.pk), "access")
    assert claims["exp"] - claims["iat"] == 900


def test_no_token_is_stored(alice: User) -> None:
    made = tokens_of(alice)
    second = data(refresh(made["refresh_token"]))
    rows = [*RefreshToken.objects.values(), *TokenFamily.objects.values(), *Event.objects.values()]
    assert len(RefreshToken.objects.all()) == 2
    for token in (made["refresh_token"], made["access_token"], second["refresh_token"], second["access_token"]):
        assert token not in str(rows) and token[3:] not in str(rows)


def test_unknown_user_wrong_password_and_disabled_account_look_alike(alice: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    answers = [
        problem(response, 401, "sign_in_failed")
        for response in (
            sign_in(alice, "not her password"), sign_in("nobody@example.com"), sign_in(bob), sign_in("nonsense"),
            sign_in(alice, ""), sign_in(alice, "x" * 5000),
        )
    ]  # fmt: skip
    for answer in answers:
        del answer["request_id"]
    assert all(answer == answers[0] for answer in answers)
    assert not TokenFamily.objects.exists()


@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com", "bob@example.com"])
def test_failure_costs_one_hash_whoever_it_is(
    email: str, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    hashed = []
    encode, verify = Argon2PasswordHasher.encode, Argon2PasswordHasher.verify

    def counted_encode(self: Any, *args: Any) -> Any:
        hashed.append("encode")
        return encode(self, *args)

    def counted_verify(self: Any, *args: Any) -> Any:
        hashed.append("verify")
        return verify(self, *args)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", counted_encode)
    monkeypatch.setattr(Argon2PasswordHasher, "verify", counted_verify)
    problem(sign_in(email, "a wrong password"), 401, "sign_in_failed")
    assert len(hashed) == 1


def test_failed_sign_in_is_recorded_without_the_password(alice: User) -> None:
    sign_in(alice, "not her password")
    event = Event.objects.get(type="user.sign_in_failed")
    assert (event.target_id, event.target_label) == (str(alice.pk), alice.email)
    assert "not her password" not in str(Event.objects.values())


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, {"/email": "required", "/password": "required"}),
        ({"email": "alice@example.com"}, {"/password": "required"}),
        ({"email": None, "password": PASSWORD}, {"/email": "required"}),
        ({"email": 7, "password": PASSWORD}, {"/email": "type"}),
        ({"email": ["alice@example.com"], "password": {"$ne": ""}}, {"/email": "type", "/password": "type"}),
        ({"email": "a\0b", "password": PASSWORD}, {"/email": "text"}),
    ],
)
def test_what_is_no_address_or_password_is_named(alice: User, sent: object, expected: dict[str, str]) -> None:
    assert pointers(call("POST", LOGIN, body=sent)) == expected


def test_unknown_fields_are_ignored_and_listed_or_refused(alice: User) -> None:
    sent = {"email": alice.email, "password": PASSWORD, "remember": True}
    assert call("POST", LOGIN, body=sent)["Boltkeys-Ignored-Fields"] == "remember"
    assert pointers(call("POST", LOGIN, body=sent, Prefer="handling=strict")) == {"/remember": "unknown_field"}


@pytest.mark.parametrize("path", [LOGIN, "/v1/auth/refresh", "/v1/auth/logout"])
def test_strange_bodies_and_methods_are_refused_in_form(path: str) -> None:
    problem(call("GET", path), 405, "method_not_allowed")
    problem(call("PUT", path, body={}), 405, "method_not_allowed")
    problem(call("POST", path), 400, "invalid_json")
    problem(call("POST", path, body=b"[]"), 422, "invalid")
    problem(call("POST", path, body=b'{"email": '), 400, "invalid_json")
    problem(call("POST", path, body=b"x=1", Content_Type="application/x-www-form-urlencoded"), 415,
            "unsupported_media_type")  # fmt: skip
    problem(call("POST", path, body=b'"' + b"x" * 2_000_000 + b'"'), 413, "too_large")


def test_nothing_of_a_sign_in_is_kept_for_an_idempotency_key(alice: User) -> None:
    sent = {"email": alice.email, "password": PASSWORD}
    first, second = (data(call("POST", LOGIN, body=sent, Idempotency_Key="same")) for _ in range(2))
    assert first["refresh_token"] and first["refresh_token"] != second["refresh_token"]
    assert not KeptAnswer.objects.exists()


# --- Brute force ---------------------------------------------------------------------------------------------------


def test_account_is_closed_to_an_address_after_ten_failures_on_page_and_api_together(alice: User) -> None:
    for _ in range(5):
        problem(sign_in(alice, "wrong"), 401, "sign_in_failed")
        Client().post("/accounts/login/", {"login": alice.email, "password": "wrong"}, REMOTE_ADDR="127.0.0.1")
    response = sign_in(alice)
    seconds = problem(response, 429, "rate_limited")["retry_after"]
    assert 270 < seconds <= 300 and response["Retry-After"] == str(seconds)


def test_owner_is_not_shut_out_by_failures_from_elsewhere(alice: User, settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = 1

    def attempt(password: str, ip: str) -> int:
        sent = {"email": alice.email, "password": password}
        return call("POST", LOGIN, body=sent, X_Forwarded_For=ip).status_code

    assert attempt(PASSWORD, "192.0.2.1") == 200
    for n in range(40):
        assert attempt("wrong", f"198.51.100.{n // 8}") in (401, 429)
    assert attempt(PASSWORD, "198.51.100.99") == 429
    assert attempt(PASSWORD, "192.0.2.1") == 200


# --- Refresh -------------------------------------------------------------------------------------------------------


def test_refresh_gives_the_next_pair(alice: User, project: Project) -> None:
    first = tokens_of(alice)
    second = data(refresh(first["refresh_token"]))
    assert set(second) == set(first)
    assert second["refresh_token"] != first["refresh_token"]
    assert works(second["access_token"]) and works(first["access_token"])
    assert data(refresh(second["refresh_token"]))["access_token"]


def test_reuse_ends_the_whole_family_and_is_recorded_once(alice: User, project: Project) -> None:
    first = tokens_of(alice)
    second = data(refresh(first["refresh_token"]))
    for _ in range(2):
        problem(refresh(first["refresh_token"]), 401, "revoked")
    problem(refresh(second["refresh_token"]), 401, "revoked")
    assert not works(second["access_token"]) and not works(first["access_token"])
    [event] = Event.objects.filter(type="user.token_reused")
    assert (event.target_id, event.target_label, event.ip) == (str(alice.pk), alice.email, "127.0.0.1")
    assert works(access_of(alice))


def test_other_sign_ins_outlive_a_reuse(alice: User, project: Project) -> None:
    here, there = tokens_of(alice), tokens_of(alice)
    refresh(here["refresh_token"])
    refresh(here["refresh_token"])
    assert works(there["access_token"])
    assert data(refresh(there["refresh_token"]))


@pytest.mark.django_db(transaction=True)
def test_of_twenty_simultaneous_uses_exactly_one_wins() -> None:
    alice = make.user("alice@example.com")
    token = tokens_of(alice)["refresh_token"]

    def use(_: int) -> int:
        try:
            return refresh(token).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(use, range(20)))
    assert sorted(statuses) == [200, *[401] * 19]
    assert RefreshToken.objects.count() == 2
    assert Event.objects.filter(type="user.token_reused").count() == 1


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("rt_" + "0" * 43, "unknown"),
        ("rt_" + "0" * 42, "malformed"),
        ("rt_" + "0" * 5000, "malformed"),
        ("", "malformed"),
        ("rt_" + "\u0660" * 43, "malformed"),
        ("sk_live_" + "0" * 38, "malformed"),
    ],
)
def test_what_is_no_refresh_token_is_401(token: str, code: str) -> None:
    response = refresh(token)
    problem(response, 401, code)
    assert response["WWW-Authenticate"] == 'Bearer realm="boltkeys", error="invalid_token"'


def test_access_token_does_not_refresh_and_refresh_token_does_not_get_in(alice: User, project: Project) -> None:
    made = tokens_of(alice)
    problem(refresh(made["access_token"]), 401, "malformed")
    problem(call("GET", "/v1/me", made["refresh_token"]), 401, "malformed")


def test_refresh_token_is_good_for_seven_days_and_a_family_for_thirty(alice: User) -> None:
    made = tokens_of(alice)
    row = RefreshToken.objects.get()
    assert timedelta(days=6, hours=23) < row.expires_at - timezone.now() <= timedelta(days=7)
    TokenFamily.objects.update(started_at=timezone.now() - timedelta(days=29))
    data(refresh(made["refresh_token"]))
    assert RefreshToken.objects.latest("id").expires_at - timezone.now() <= timedelta(days=1)


def test_refresh_token_that_has_expired_is_401(alice: User) -> None:
    made = tokens_of(alice)
    RefreshToken.objects.update(expires_at=timezone.now())
    problem(refresh(made["refresh_token"]), 401, "expired")


# --- What ends it ----------------------------------------------------------------------------------------------------


def _change_password(user: User) -> None:
    accounts.set_password(actor=make.TESTER, user=user, password="another long passphrase")


def _set_past_the_services(user: User) -> None:
    user.set_password("another long passphrase")
    user.save()


def _disable(user: User) -> None:
    accounts.disable_user(actor=make.TESTER, user=user)


def _disable_and_enable(user: User) -> None:
    _disable(user)
    accounts.enable_user(actor=make.TESTER, user=user)


def _disable_past_the_services(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def _delete(user: User) -> None:
    Membership.objects.filter(user=user).delete()
    user.delete()


def _logout_everywhere(user: User) -> None:
    assert logout(tokens_of(user)["refresh_token"], everywhere=True).status_code == 204


@pytest.mark.parametrize(
    "end",
    [
        _change_password, _set_past_the_services, _disable, _disable_and_enable, _disable_past_the_services, _delete,
        _logout_everywhere,
    ],
    ids=lambda end: end.__name__.strip("_"),
)  # fmt: skip
def test_all_tokens_of_a_user_end_at_the_next_request(end: Any, project: Project, bob: User) -> None:
    make.member(project, make.user("dora@example.com"), "administrator")
    dora = User.objects.get(email="dora@example.com")
    pairs = [tokens_of(dora), tokens_of(dora)]
    pairs.append(data(refresh(pairs[0]["refresh_token"])))
    others = tokens_of(bob)
    end(dora)
    for pair in pairs:
        response = call("GET", "/v1/me", pair["access_token"])
        problem(response, 401, "revoked")
        assert response["WWW-Authenticate"] == 'Bearer realm="boltkeys", error="invalid_token"'
        assert refresh(pair["refresh_token"]).status_code == 401
    assert works(others["access_token"])


def test_logout_ends_this_sign_in_and_no_other(alice: User, project: Project) -> None:
    here, there = tokens_of(alice), tokens_of(alice)
    assert logout(here["refresh_token"]).status_code == 204
    problem(refresh(here["refresh_token"]), 401, "revoked")
    assert not works(here["access_token"])
    assert works(there["access_token"])
    assert Event.objects.filter(type="user.signed_out").count() == 1
    assert not Event.objects.filter(type="user.token_reused").exists()


def test_logout_says_the_same_for_a_token_that_is_not_known(alice: User) -> None:
    """RFC 7009 §2.2: whoever signs out wants the token to be no good, and it is."""
    for token in ("rt_" + "0" * 43, "nonsense"):
        assert logout(token).status_code == 204


def test_logout_everywhere_needs_a_token_that_is_good(alice: User, project: Project) -> None:
    made = tokens_of(alice)
    logout(made["refresh_token"])
    problem(logout(made["refresh_token"], everywhere=True), 401, "revoked")
    assert User.objects.get(pk=alice.pk).epoch == 0


def test_logout_everywhere_ends_sessions_of_pages(alice: User, project: Project) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    assert client.get("/projects/acme-calls/api-keys/").status_code == 200
    logout(tokens_of(alice)["refresh_token"], everywhere=True)
    assert client.get("/projects/acme-calls/api-keys/").status_code == 302
    assert Event.objects.filter(type="user.sessions_ended").count() == 1


def test_pruning_forgets_what_is_over_and_nothing_else(alice: User) -> None:
    tokens_of(alice)
    RefreshToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    TokenFamily.objects.update(started_at=timezone.now() - timedelta(days=31))
    made = tokens_of(alice)
    tokens.prune(timezone.now())
    assert (TokenFamily.objects.count(), RefreshToken.objects.count()) == (1, 1)
    assert data(refresh(made["refresh_token"]))
