"""A key makes no key that could do more than itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.core.times import rfc3339
from apps.keys.models import Key
from apps.projects import catalogues
from apps.projects.models import Project
from tests import make
from tests.api.call import call, data, problem, secret_for
from tests.api.developer_access.managing import KEYS, a_manager, create, rotate
from tests.api.people import access_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "more",
    [
        {"scopes": ["contacts:read", "contacts:write"]},
        {"scopes": ["tokens:read"]},
        {"rate_limit_per_minute": 101},
        {"expires_at": "2030-01-01T00:00:00Z"},
        {"allowed_ips": ["0.0.0.0/0"]},
        {"allowed_ips": ["127.0.0.1", "198.51.100.1"]},
        {"environment": "test"},
        {"owner": "me"},
    ],
)
def test_key_cannot_make_a_key_that_could_do_more(boltly: Project, more: dict[str, Any]) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    who = a_manager(boltly, expires_at=tomorrow, allowed_ips=["127.0.0.0/8"])
    response = call("POST", KEYS, who, body={"name": "More", "scopes": ["contacts:read"], **more})
    problem(response, 403, "exceeds_own")
    assert 'error="insufficient_scope"' in response["WWW-Authenticate"]
    assert not Key.objects.filter(name="More").exists()


def test_refusal_names_the_permissions_that_the_key_lacks(boltly: Project) -> None:
    sent = {"name": "More", "scopes": ["contacts:read", "contacts:write", "inbox:read"]}
    body = problem(call("POST", KEYS, a_manager(boltly), body=sent), 403, "exceeds_own")
    assert "contacts:write, inbox:read." in body["detail"]


def test_key_that_a_key_makes_is_of_the_same_environment(boltly: Project) -> None:
    assert create(a_manager(boltly, environment="test"), "contacts:read")["environment"] == "test"


def test_key_that_a_key_makes_has_its_end_addresses_and_at_most_its_limit(boltly: Project) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    who = a_manager(boltly, expires_at=tomorrow, allowed_ips=["127.0.0.0/8"], rate_limit=20)
    made = create(who, "contacts:read")
    assert (made["expires_at"], made["allowed_ips"]) == (rfc3339(tomorrow), ["127.0.0.0/8"])
    assert made["rate_limit_per_minute"] == 20
    narrower = create(who, name="Narrower", allowed_ips=["127.0.0.1"], rate_limit_per_minute=5)
    assert (narrower["allowed_ips"], narrower["rate_limit_per_minute"]) == (["127.0.0.1/32"], 5)


def test_key_cannot_make_an_unrestricted_key_unless_it_is_one(alice: User) -> None:
    voice = make.project("Voice", catalogue="voice", administrator=alice)
    sent = {"name": "All", "unrestricted": True}
    everything = secret_for(voice, *voice_scopes(), name="Everything", rate_limit=60)
    problem(call("POST", KEYS, everything, body=sent), 403, "exceeds_own")
    unrestricted = make.new_key(voice, "Unrestricted", unrestricted=True).secret
    assert data(call("POST", KEYS, unrestricted, body=sent))["restricted"] is False


def voice_scopes() -> tuple[str, ...]:
    return catalogues.get("voice").scopes


def test_key_may_hand_on_what_its_own_permissions_include(alice: User) -> None:
    voice = make.project("Voice", catalogue="voice", administrator=alice)
    who = secret_for(voice, "api_keys:write", "calls:write", name="Manager")
    sent = {"name": "Reader", "scopes": ["calls:read", "api_keys:read"]}
    reader = data(call("POST", KEYS, who, body=sent))["secret_key"]
    assert call("GET", KEYS, reader).status_code == 200
    problem(call("POST", KEYS, reader, body=sent), 403, "missing_scope")


@pytest.mark.parametrize(
    "more",
    [
        {"scopes": ["contacts:manage"]},
        {"rate_limit": 101},
        {"expires_at": timezone.now() + timedelta(days=30)},
        {"allowed_ips": ["10.0.0.0/8"]},
    ],
)
def test_key_cannot_rotate_a_key_that_can_do_more_and_so_get_its_rights(boltly: Project, more: dict[str, Any]) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    who = a_manager(boltly, expires_at=tomorrow, allowed_ips=["127.0.0.0/8"])
    within = {
        "scopes": ["contacts:read"], "rate_limit": 100, "expires_at": tomorrow, "allowed_ips": ["127.0.0.0/8"],
    }  # fmt: skip
    data(rotate(who, make.key(boltly, "Within", **within).pk, grace_seconds=60))
    target = make.key(boltly, "Target", **{**within, **more})
    problem(rotate(who, target.pk, grace_seconds=0), 403, "exceeds_own")
    target.refresh_from_db()
    assert target.rotated_to is None and target.expires_at == {**within, **more}["expires_at"]


def test_successor_cannot_be_given_a_later_end_by_a_key(boltly: Project) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    new = make.new_key(boltly, "Manager", scopes=["tokens:create"], expires_at=tomorrow)
    later = rfc3339(tomorrow + timedelta(days=1))
    problem(rotate(new.secret, new.key.pk, grace_seconds=60, expires_at=later), 403, "exceeds_own")
    assert data(rotate(new.secret, new.key.pk, grace_seconds=60))["expires_at"] == rfc3339(tomorrow)


def test_administrator_may_give_the_successor_another_end(boltly: Project, alice: User) -> None:
    old = make.key(boltly, scopes=["contacts:read"], expires_at=timezone.now() + timedelta(days=1))
    later = rfc3339(timezone.now() + timedelta(days=90))
    assert data(rotate(access_of(alice), old.pk, expires_at=later))["expires_at"] == later


def test_key_of_a_user_makes_keys_of_that_user_that_lose_what_the_user_loses(boltly: Project, bob: User) -> None:
    membership = bob.memberships.get()
    for action in ("read", "create"):
        make.MemberGrant.objects.create(membership=membership, resource="tokens", action=action)
    who = make.new_key(None, "Bob's", owner=bob).secret
    made = create(who, "contacts:read")
    assert made["owner"] == {"id": str(bob.pk), "email": bob.email}
    assert call("GET", "/v1/contacts", made["secret_key"]).status_code == 200
    problem(call("POST", KEYS, who, body={"name": "W", "scopes": ["contacts:write"]}), 403, "exceeds_own")
    foreign = make.key(boltly, "Foreign", scopes=["contacts:read"])
    problem(rotate(who, foreign.pk, grace_seconds=60), 403, "exceeds_own")


def test_no_endpoint_changes_a_key(who: str) -> None:
    made = create(who)
    for method in ("PATCH", "PUT", "POST"):
        response = call(method, f"{KEYS}/{made['id']}", who, body={"rate_limit_per_minute": 1_000_000})
        problem(response, 405, "method_not_allowed")
    assert Key.objects.get(pk=made["id"]).rate_limit == made["rate_limit_per_minute"]
