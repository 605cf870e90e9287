"""What a key was used for before it was rotated is part of what its successor was used for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.core.verify import Ask
from apps.gate import gate
from apps.keys import lineage, service
from apps.keys.models import Key
from apps.keys.service import NewKey
from apps.projects.models import Project
from apps.usage.models import KeyUsage
from apps.usage.queries import Totals
from tests import make
from tests.api.call import call, data
from tests.api.developer_access.managing import KEYS, rotate
from tests.api.people import access_of
from tests.dashboard.html import read
from tests.pages import signed_in

pytestmark = pytest.mark.django_db


def count(key: Key, number: int, ago: timedelta = timedelta(), outcome: str = "ok") -> None:
    hour = (timezone.now() - ago).replace(minute=0, second=0, microsecond=0)
    KeyUsage.objects.create(key_id=key.id, hour=hour, resource="leads", outcome=outcome, count=number)


def chain(project: Project, length: int, name: str = "Website") -> list[Key]:
    """A key, its successor, and so on: the oldest first."""
    keys = [make.key(project, name)]
    while len(keys) < length:
        keys.append(service.rotate_key(actor=make.TESTER, key=keys[-1], grace=3600).key)
    return keys


def day_of(keys: Sequence[Key]) -> list[int]:
    totals = lineage.totals([key.id for key in keys], timezone.now())
    return [totals[key.id].day for key in keys]


def test_each_key_counts_itself_and_those_before_it_each_request_once(project: Project) -> None:
    first, second, third = chain(project, 3)
    other = make.key(project, "Another")
    for key, number in ((first, 1), (second, 10), (third, 100), (other, 1000)):
        count(key, number)
    assert day_of([third, other, first, second]) == [111, 1000, 1, 11]
    for key, number in ((first, 1), (second, 11), (third, 111), (other, 1000)):
        assert day_of([key]) == [number]
        assert lineage.of(key.id, timezone.now()).total(timezone.now()) == Totals(number, number, number)


@pytest.mark.parametrize("length", [1, 40])
def test_a_list_takes_two_queries_however_long_the_chains_are(
    project: Project, length: int, django_assert_num_queries: Any
) -> None:
    lines = [chain(project, length, name) for name in ("One", "Two", "Three")]
    for key in (key for line in lines for key in line):
        count(key, 1)
    with django_assert_num_queries(2):
        assert day_of([line[-1] for line in lines]) == [length] * 3
    with django_assert_num_queries(2):
        assert day_of(lines[0]) == list(range(1, length + 1))


def test_no_keys_take_no_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert lineage.totals([], timezone.now()) == {}


def test_long_ago_a_chain_is_followed_for_as_long_as_it_can_still_count(project: Project) -> None:
    """Rotated 50 days ago with the longest grace period: it was accepted until 20 days ago. Not so after 70 days."""
    oldest, older, key = chain(project, 3)
    now = timezone.now()
    for row, days in ((oldest, 100), (older, 70), (key, 50)):
        Key.objects.filter(pk=row.pk).update(created_at=now - timedelta(days=days))
        count(row, 1, timedelta(days=21))
    assert lineage.of(key.id, now).ids == {key.id, older.id}
    assert lineage.of(older.id, now).ids == {older.id}


def test_key_of_somebody_else_is_never_counted(project: Project, alice: User) -> None:
    count(make.key(project, "Website"), 7)
    assert day_of([make.key(None, "Website", owner=alice)]) == [0]


# --- where it is shown -----------------------------------------------------------------------------------------------


@pytest.fixture
def boltly(alice: User) -> Project:
    return make.project("Messages", catalogue="boltly", administrator=alice)


@pytest.fixture
def rotated(boltly: Project, alice: User) -> tuple[NewKey, dict[str, Any]]:
    """A key that was used twice, and refused once, before it was rotated; and its successor, never used."""
    old = make.new_key(boltly, scopes=["contacts:read", "tokens:read"])
    for path in ("/v1/contacts", "/v1/contacts", "/v1/inbox"):
        call("GET", path, old.secret)
    return old, dict(data(rotate(access_of(alice), old.key.pk, grace_seconds=600)))


def test_answer_that_makes_the_successor_shows_its_history(rotated: tuple[NewKey, dict[str, Any]]) -> None:
    _, new = rotated
    assert new["usage"] == {"24h": 2, "7d": 2, "30d": 2}
    assert new["last_used_at"] is None


def test_what_the_old_key_does_in_its_grace_period_counts_at_once(
    rotated: tuple[NewKey, dict[str, Any]], alice: User
) -> None:
    old, new = rotated
    who = access_of(alice)
    call("GET", "/v1/contacts", old.secret)
    shown = data(call("GET", f"{KEYS}/{new['id']}", who))
    assert (shown["usage"]["24h"], shown["last_used_at"], shown["rotated_from"]) == (3, None, old.key.id)
    assert {name: totals["24h"] for name, totals in shown["outcomes"].items()} == {"ok": 3, "missing_scope": 1}
    usage = data(call("GET", f"{KEYS}/{new['id']}/usage", who))
    assert usage["totals"] == {"missing_scope": 1, "ok": 3}
    assert sorted((c["resource"], c["outcome"], c["count"]) for c in usage["data"]) == [
        ("contacts", "ok", 3),
        ("inbox", "missing_scope", 1),
    ]
    assert data(call("GET", f"{KEYS}/{old.key.id}", who))["rotated_from"] is None


def test_successor_reads_its_history_and_its_own_last_use(rotated: tuple[NewKey, dict[str, Any]]) -> None:
    old, new = rotated
    me = data(call("GET", "/v1/me", new["secret_key"]))["key"]
    assert me["usage"]["24h"] == 3 and me["last_used_at"]
    assert data(call("GET", "/v1/me", old.secret))["key"]["usage"]["24h"] == 3  # its own, without the successor's


def test_list_shows_both_with_what_is_theirs(rotated: tuple[NewKey, dict[str, Any]], alice: User) -> None:
    old, new = rotated
    call("GET", "/v1/contacts", new["secret_key"])
    rows = {row["id"]: row for row in data(call("GET", KEYS, access_of(alice)))["data"]}
    assert rows[old.key.id]["usage"]["24h"] == 2
    assert rows[new["id"]]["usage"]["24h"] == 3


def test_pages_show_it_and_say_so(rotated: tuple[NewKey, dict[str, Any]], alice: User, boltly: Project) -> None:
    old, new = rotated
    client = signed_in(alice)
    page = read(client.get(f"/projects/{boltly.slug}/api-keys/{new['id']}/"))
    said = "Counts its requests and those of the key that it was rotated from"
    assert said in page.text and old.key.mask in page.text
    [accepted, refused] = page.rows()
    assert (accepted["24 h"], refused["24 h"]) == ("2", "1")
    assert said not in read(client.get(f"/projects/{boltly.slug}/api-keys/{old.key.id}/")).text


# --- the minute ------------------------------------------------------------------------------------------------------


def admitted(secret: str, asked: int) -> int:
    return sum(gate.verify(secret, Ask("leads")).code == "ok" for _ in range(asked))


def test_successor_begins_with_what_the_old_key_has_used_of_its_minute(project: Project) -> None:
    old = make.new_key(project, rate_limit=10)
    assert admitted(old.secret, 7) == 7
    new = service.rotate_key(actor=make.TESTER, key=old.key, grace=600)
    assert admitted(new.secret, 5) == 3
    verdict = gate.verify(new.secret, Ask("leads"))
    assert verdict.code == "rate_limited" and verdict.rate is not None
    assert 50 <= verdict.rate.reset_seconds <= 60
    assert admitted(old.secret, 5) == 3  # from then on each has a minute of its own


def test_rotating_again_and_again_gives_no_more_requests_in_a_minute(project: Project) -> None:
    made, accepted = make.new_key(project, rate_limit=5), 0
    for _ in range(4):
        accepted += admitted(made.secret, 2)
        made = service.rotate_key(actor=make.TESTER, key=made.key, grace=0)
    assert accepted == 5


def test_successor_of_an_unused_key_has_a_whole_minute(project: Project) -> None:
    new = service.rotate_key(actor=make.TESTER, key=make.key(project, rate_limit=3), grace=0)
    assert admitted(new.secret, 4) == 3
