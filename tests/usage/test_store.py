"""Bringing batches in: every count once, every key's last use the latest, and no batch keeps the others waiting."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.gate.meter import Count, Seen
from apps.usage import service
from apps.usage.models import Batch, KeySeen, KeyUsage
from apps.usage.service import forget_batches, store
from tests.usage.counts import batch, count, given, random_count, stored

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 10, 20, tzinfo=UTC)
GOOD = count("key_good", NOW)
SEEN = Seen("key_a", NOW.timestamp(), "192.0.2.1", "curl/8", refused=False)


def test_counts_of_a_cell_add_up_within_a_batch_and_over_batches() -> None:
    store(batch([count("key_a", NOW, 2), count("key_a", NOW, 3), count("key_a", NOW, 1, outcome="revoked")]))
    store(batch([count("key_a", NOW, 5)]))
    assert stored() == {("key_a", "leads", "ok"): 10, ("key_a", "leads", "revoked"): 1}
    assert set(KeyUsage.objects.values_list("hour", flat=True)) == {datetime(2026, 11, 20, 10, tzinfo=UTC)}


def test_batch_counts_once_however_often_it_comes() -> None:
    same = batch([GOOD])
    assert [store(same) for _ in range(3)] == [True, False, False]
    assert stored() == given([same])


def test_random_batches_are_stored_to_the_last_count() -> None:
    chance = random.Random(7)
    batches = [batch(random_count(chance, 50, 40, NOW) for _ in range(chance.randrange(300))) for _ in range(10)]
    assert service._deliver(batches) == 10
    assert service._deliver([*batches, batch([GOOD])]) == 1
    assert stored() == given([*batches, batch([GOOD])])


def test_a_thousand_keys_take_as_many_statements_as_one(django_assert_num_queries: Callable[[int], Any]) -> None:
    for keys in (1, 1000):
        with django_assert_num_queries(5):  # its ID, the counts, the last uses, and the test's own savepoint
            store(
                batch(
                    (count(f"key_{i}", NOW) for i in range(keys)),
                    (Seen(f"key_{i}", NOW.timestamp(), "192.0.2.1", "", refused=False) for i in range(keys)),
                )
            )
    assert KeyUsage.objects.count() == KeySeen.objects.count() == 1000


def test_small_batches_share_a_transaction_and_a_large_one_has_its_own() -> None:
    sizes = [10, 4_000, 20, 6_000, 30]
    batches = [batch([GOOD] * size, name=str(place)) for place, size in enumerate(sizes)]
    groups = [[len(each.counts) for each in group] for group in service._groups(batches)]
    assert groups == [[10, 4_000, 20], [6_000], [30]]


# --- Last use -------------------------------------------------------------------------------------------------------


def test_latest_use_wins_in_whichever_order_they_come() -> None:
    for minutes in (5, 9, 2):
        at = NOW + timedelta(minutes=minutes)
        seen = dataclasses.replace(SEEN, at=at.timestamp(), ip=f"192.0.2.{minutes}", agent=f"curl/{minutes}")
        store(batch(seen=[seen, SEEN]))
    row = KeySeen.objects.get()
    assert row.used_at == NOW + timedelta(minutes=9)
    assert (row.used_ip, row.used_agent, row.refused_at) == ("192.0.2.9", "curl/9", None)


def test_use_and_attempt_after_the_end_are_kept_apart() -> None:
    refused = dataclasses.replace(SEEN, at=NOW.timestamp() + 60, ip="2001:db8::7", refused=True)
    for seen in ([SEEN], [refused], [dataclasses.replace(SEEN, key_id="key_b"), refused]):
        store(batch(seen=seen))
    row = KeySeen.objects.get(key_id="key_a")
    assert (row.used_at, row.used_ip, row.used_agent) == (NOW, "192.0.2.1", "curl/8")
    assert (row.refused_at, row.refused_ip) == (NOW + timedelta(seconds=60), "2001:db8::7")
    assert KeySeen.objects.get(key_id="key_b").refused_at is None


@pytest.mark.parametrize(
    ("ip", "kept"), [("", None), ("nonsense", None), ("fe80::1%eth0", "fe80::1"), ("2001:DB8::1", "2001:db8::1")]
)
def test_address_that_is_none_is_left_out(ip: str, kept: str | None) -> None:
    store(batch([GOOD], [dataclasses.replace(SEEN, ip=ip)]))
    assert KeySeen.objects.get().used_ip == kept
    assert stored() == given([batch([GOOD])])


# --- What boltkeys did not write ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "foreign",
    [
        dataclasses.replace(GOOD, key_id="k" * 41),
        dataclasses.replace(GOOD, key_id="key\0"),
        dataclasses.replace(GOOD, resource="r" * 41),
        dataclasses.replace(GOOD, resource="\ud800"),
        dataclasses.replace(GOOD, outcome="o" * 21),
        dataclasses.replace(GOOD, hour=2**60),
        dataclasses.replace(GOOD, hour=-1),
        dataclasses.replace(GOOD, count=0),
        dataclasses.replace(GOOD, count=-3),
        dataclasses.replace(GOOD, count=2**63),
    ],
    ids=lambda each: repr(dataclasses.astuple(each))[:40],
)
def test_count_that_no_column_can_hold_keeps_no_other_from_arriving(foreign: Count) -> None:
    assert store(batch([foreign, GOOD]))
    assert stored() == given([batch([GOOD])])


@pytest.mark.parametrize(
    "foreign",
    [
        dataclasses.replace(SEEN, key_id="k" * 41),
        dataclasses.replace(SEEN, at=float("inf")),
        dataclasses.replace(SEEN, at=float("nan")),
        dataclasses.replace(SEEN, at=1e18),
        dataclasses.replace(SEEN, at=-1e18),
    ],
    ids=lambda each: repr(dataclasses.astuple(each))[:40],
)
def test_sighting_that_no_column_can_hold_keeps_no_other_from_arriving(foreign: Seen) -> None:
    other = dataclasses.replace(SEEN, key_id="key_other", agent="a\0\ud800" + "b" * 300)
    assert store(batch(seen=[foreign, other]))
    row = KeySeen.objects.get()
    assert row.key_id == "key_other" and row.used_agent == "a??" + "b" * 197


# --- IDs of batches -------------------------------------------------------------------------------------------------


def test_ids_of_batches_are_forgotten_after_two_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "FORGOTTEN_AT_ONCE", 2)
    for place in range(7):
        store(batch(name=str(place)))
    now = timezone.now()
    Batch.objects.filter(id__lt="5").update(arrived_at=now - service.BATCHES_KEPT - timedelta(seconds=1))
    forget_batches(now)
    assert set(Batch.objects.values_list("id", flat=True)) == {"5", "6"}
