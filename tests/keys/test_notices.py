"""What administrators hear of a key in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, connections
from django.utils import timezone

from apps.audit.models import Event
from apps.keys import notices, service
from apps.keys.models import Key
from apps.projects.models import Project
from apps.usage.models import KeySeen, KeyUsage
from apps.webhooks.models import Delivery
from tests import make
from tests.webhooks import make as hooks

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def aged(project: Project, life: timedelta, left: timedelta, name: str = "Website") -> Key:
    """A key of which only `left` of its `life` is left."""
    key, now = make.key(project, name), timezone.now()
    Key.objects.filter(pk=key.pk).update(created_at=now + left - life, expires_at=now + left)
    key.refresh_from_db()
    return key


def used_after_end(key: Key, at: datetime | None = None, outcome: str = "revoked") -> None:
    at = at or timezone.now()
    KeyUsage.objects.create(
        key_id=key.id, hour=at.replace(minute=0, second=0, microsecond=0), resource="leads", outcome=outcome, count=3
    )
    KeySeen.objects.update_or_create(key_id=key.id, defaults={"refused_at": at, "refused_ip": "192.0.2.9"})


@pytest.mark.parametrize(
    ("life", "left", "told"),
    [
        (90 * DAY, 8 * DAY, False),
        (90 * DAY, 6 * DAY, True),
        (7 * DAY, 6 * DAY, False),
        (7 * DAY, 3 * DAY, True),
        (2 * DAY, DAY * 1.5, False),
        (90 * DAY, timedelta(seconds=30), True),
        (90 * DAY, timedelta(seconds=-30), False),
    ],
)
def test_an_end_that_comes_near_is_told_once(project: Project, life: timedelta, left: timedelta, told: bool) -> None:
    key, now = aged(project, life, left), timezone.now()
    assert [notices.record_expiring(now=now), notices.record_expiring(now=now)] == [int(told), 0]
    events = Event.objects.filter(type="key.expiring")
    assert [(e.target_id, e.actor_label) for e in events] == [(key.id, "boltkeys")] * told


def test_no_end_is_told_of_a_key_that_was_stopped_or_has_a_successor_or_none(project: Project) -> None:
    make.key(project, "No end")
    revoked, deleted, rotated = (aged(project, 90 * DAY, DAY, name) for name in ("a", "b", "c"))
    service.revoke_key(actor=make.TESTER, key=revoked, reason="leaked")
    service.delete_key(actor=make.TESTER, key=deleted)
    Key.objects.filter(pk=rotated.pk).update(rotated_to=make.key(project, "d"))
    assert notices.record_expiring(now=timezone.now()) == 0


def test_use_after_the_end_is_told_once_a_day_with_where_it_came_from(project: Project) -> None:
    key = make.key(project)
    service.revoke_key(actor=make.TESTER, key=key, reason="leaked")
    now = timezone.now()
    assert notices.record_used_after_end(now=now) == 0
    used_after_end(key)
    assert [notices.record_used_after_end(now=now) for _ in range(2)] == [1, 0]
    event = Event.objects.get(type="key.used_after_end")
    assert (event.target_id, event.data["refused_ip"], event.data["mask"]) == (key.id, "192.0.2.9", key.mask)
    tomorrow = now + DAY + timedelta(minutes=1)
    used_after_end(key, tomorrow)
    assert notices.record_used_after_end(now=tomorrow) == 1


def test_other_refusals_and_those_of_long_ago_are_no_use_after_the_end(project: Project) -> None:
    key, now = make.key(project), timezone.now()
    used_after_end(key, outcome="rate_limited")
    used_after_end(key, now - timedelta(hours=5))
    assert notices.record_used_after_end(now=now) == 0


def test_counts_of_a_key_that_nobody_knows_are_no_fault(project: Project) -> None:
    used_after_end(Key(id="key_" + "0" * 22))
    assert notices.look(timezone.now()) == 0


def test_webhooks_are_told(project: Project) -> None:
    hooks.endpoint(project, "https://8.8.8.8/", "key.expiring", "key.used_after_end")
    aged(project, 90 * DAY, DAY)
    ended = make.key(project, "Old")
    service.revoke_key(actor=make.TESTER, key=ended, reason="leaked")
    used_after_end(ended)
    assert notices.look(timezone.now()) == 2
    assert set(Delivery.objects.values_list("event", flat=True)) == {"key.expiring", "key.used_after_end"}


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_tells(project: Project) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("one worker at a time writes to SQLite")
    for n in range(5):
        aged(project, 90 * DAY, DAY, f"key {n}")
    counts: list[int] = []
    start = Barrier(4)

    def work() -> None:
        start.wait()
        counts.append(notices.look(timezone.now()))
        connections.close_all()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 5
    assert Event.objects.filter(type="key.expiring").count() == 5
