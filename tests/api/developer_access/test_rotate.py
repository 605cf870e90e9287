"""/v1/developer-access/api-keys: rotate, with a grace period."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.core.times import rfc3339
from apps.keys.models import Key
from apps.projects.models import Project
from tests import make
from tests.api.call import call, data, pointers, problem, secret_for
from tests.api.developer_access.managing import KEYS, create, rotate
from tests.api.people import access_of

pytestmark = pytest.mark.django_db


def test_rotated_key_and_its_successor_both_work_then_the_old_one_stops(who: str) -> None:
    old = create(who, "contacts:read", "inbox:read", rate_limit_per_minute=50, allowed_ips=["127.0.0.0/8"])
    response = rotate(who, old["id"], grace_seconds=2)
    new = data(response)
    assert (response.status_code, response["Location"]) == (201, f"{KEYS}/{new['id']}")
    carried = ("name", "scopes", "rate_limit_per_minute", "allowed_ips", "environment", "restricted", "expires_at")
    assert {name: new[name] for name in carried} == {name: old[name] for name in carried}
    assert new["secret_key"] != old["secret_key"] and new["id"] != old["id"]
    for key in (old, new):
        assert call("GET", "/v1/contacts", key["secret_key"]).status_code == 200
    shown = data(call("GET", f"{KEYS}/{old['id']}", who))
    assert (shown["rotated_to"], shown["status"]) == (new["id"], "active")
    time.sleep(2.1)
    problem(call("GET", "/v1/contacts", old["secret_key"]), 401, "expired")
    assert call("GET", "/v1/contacts", new["secret_key"]).status_code == 200
    assert data(call("GET", f"{KEYS}/{old['id']}", who))["status"] == "expired"


def test_without_a_grace_period_the_old_key_stops_at_once(who: str) -> None:
    old = create(who)
    assert call("GET", "/v1/contacts", old["secret_key"]).status_code == 200
    new = data(rotate(who, old["id"], grace_seconds=0))
    problem(call("GET", "/v1/contacts", old["secret_key"]), 401, "expired")
    assert call("GET", "/v1/contacts", new["secret_key"]).status_code == 200


def test_grace_period_is_a_day_unless_another_is_given(who: str) -> None:
    old = create(who)
    data(call("POST", f"{KEYS}/{old['id']}/rotate", who))
    ends = Key.objects.get(pk=old["id"]).expires_at
    assert ends is not None and timedelta(hours=23, minutes=59) < ends - timezone.now() <= timedelta(hours=24)


def test_grace_period_never_prolongs_a_key(who: str) -> None:
    end = rfc3339(timezone.now() + timedelta(hours=1))
    old = create(who, expires_at=end)
    new = data(rotate(who, old["id"], grace_seconds=30 * 24 * 3600))
    assert data(call("GET", f"{KEYS}/{old['id']}", who))["expires_at"] == new["expires_at"] == end


@pytest.mark.parametrize("grace", [-1, 30 * 24 * 3600 + 1, True, "60", 1.5, [60]])
def test_grace_period_has_bounds(who: str, grace: object) -> None:
    old = create(who)
    assert pointers(rotate(who, old["id"], grace_seconds=grace))["/grace_seconds"] in ("range", "type")
    assert Key.objects.get(pk=old["id"]).rotated_to is None


def test_second_rotation_of_a_key_is_refused_and_that_of_its_successor_is_not(who: str) -> None:
    first = create(who)
    second = data(rotate(who, first["id"], grace_seconds=60))
    problem(rotate(who, first["id"], grace_seconds=60), 409, "already_rotated")
    third = data(rotate(who, second["id"], grace_seconds=60))
    for key in (first, second, third):
        assert call("GET", "/v1/contacts", key["secret_key"]).status_code == 200


def test_ended_key_cannot_be_rotated(who: str) -> None:
    old = create(who)
    call("POST", f"{KEYS}/{old['id']}/revoke", who, body={"reason": "leaked"})
    problem(rotate(who, old["id"], grace_seconds=60), 409, "key_ended")


def test_nobody_gets_the_secret_of_the_user_key_of_another(boltly: Project, alice: User, bob: User) -> None:
    """An administrator could act in bob's name with it."""
    his, hers = (make.key(boltly, owner=owner, scopes=["contacts:read"]) for owner in (bob, alice))
    problem(rotate(access_of(alice), his.pk, grace_seconds=60), 403, "forbidden")
    assert data(rotate(access_of(alice), hers.pk, grace_seconds=60))["owner"]["email"] == alice.email
    assert Key.objects.filter(owner=bob).count() == 1


def test_old_key_can_be_revoked_within_its_grace_period(who: str) -> None:
    old = create(who)
    new = data(rotate(who, old["id"], grace_seconds=3600))
    call("POST", f"{KEYS}/{old['id']}/revoke", who, body={"reason": "replaced"})
    problem(call("GET", "/v1/contacts", old["secret_key"]), 401, "revoked")
    assert call("GET", "/v1/contacts", new["secret_key"]).status_code == 200


def test_name_stays_taken_while_the_successor_has_it(who: str) -> None:
    rotate(who, create(who, name="Website")["id"], grace_seconds=60)
    sent = {"name": "Website", "scopes": ["contacts:read"]}
    problem(call("POST", KEYS, who, body=sent), 409, "taken")


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_rotations_one_is_done() -> None:
    project = make.project("Messages", catalogue="boltly", administrator=make.user("alice@example.com"))
    who = secret_for(project, "contacts:read", "tokens:create", name="Manager")
    old = make.key(project, "Website", scopes=["contacts:read"])

    def one(_: int) -> int:
        try:
            return int(rotate(who, old.pk, grace_seconds=60).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(8))) == [201, *[409] * 7]
    assert Key.objects.filter(name="Website").count() == 2
