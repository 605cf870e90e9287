"""Nothing from before a change survives it, whoever crashed, and whatever Redis has lost or was not told."""

from __future__ import annotations

import time

import pytest
import redis
from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.core import secret
from apps.core.verify import Judgement
from apps.gate import gate, names
from apps.gate.nodes import Nodes
from apps.gate.shared import SharedGate
from apps.keys import loader, service
from apps.keys.models import Key
from apps.projects.models import Project
from apps.usage.models import KeyUsage
from apps.usage.service import settle
from tests import make
from tests.gate.tiers import LEADS, shared_gate, stored, warm

pytestmark = pytest.mark.django_db


def test_other_process_refuses_a_revoked_key_that_it_remembers(project: Project) -> None:
    made = make.new_key(project)
    other = SharedGate(settings.REDIS_URL, shared_gate()._embedded)
    digest = secret.digest(made.secret)
    found = warm(other, digest)
    service.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
    assert other.find(digest, LEADS, 0) == found  # it still remembers …
    assert other.admit(digest, found, LEADS, Judgement("ok", resource="leads")) is None  # … and is told so
    again = other.find(digest, LEADS, 1)
    assert again is not None
    assert again.record.ended == "revoked"


def test_fill_that_read_before_a_change_never_lands_after_it(project: Project, client: redis.Redis) -> None:
    made = make.new_key(project)
    digest = secret.digest(made.secret)
    shared = shared_gate()

    def load_and_be_overtaken(wanted: bytes) -> object:
        record = loader.load(wanted)
        service.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
        return record

    shared._embedded.load = load_and_be_overtaken  # type: ignore[assignment]
    stale = shared.find(digest, LEADS, 0)
    assert stale is not None
    assert stale.record.ended == ""
    assert not stored(client, digest).startswith(b"V")
    shared._embedded.load = loader.load
    assert gate.verify(made.secret, LEADS).code == "revoked"


def test_nothing_is_answered_from_a_cache_while_a_change_is_on_its_way(project: Project, client: redis.Redis) -> None:
    made = make.new_key(project)
    assert gate.verify(made.secret, LEADS)
    assert gate.verify(made.secret, LEADS)
    digest = secret.digest(made.secret)
    with gate.changing(digests=[digest]):
        Key.objects.filter(pk=made.key.pk).update(rate_limit=7)
        verdict = gate.verify(made.secret, LEADS)
        assert verdict.rate is not None
        assert verdict.rate.limit == 7
        assert stored(client, digest).startswith(b"P")
    assert client.get(names.record(digest)) is None


def test_end_of_one_change_leaves_the_mark_of_another(project: Project, client: redis.Redis) -> None:
    digest = secret.digest(make.new_key(project).secret)
    shared = shared_gate()
    for change in ("first", "second"):
        shared.changes.begin(change, [digest])
    shared.changes.end("first", [digest])
    assert stored(client, digest).startswith(b"P")
    shared.changes.end("second", [digest])
    assert client.get(names.record(digest)) is None


def test_change_that_crashed_leaves_a_mark_that_passes(project: Project, client: redis.Redis) -> None:
    digest = secret.digest(make.new_key(project).secret)
    shared_gate().changes.begin("crashed", [digest])
    assert 0 < client.pttl(names.record(digest)) <= 60_000


def test_record_that_came_back_with_an_old_snapshot_is_taken_away_again(project: Project, client: redis.Redis) -> None:
    made = make.new_key(project)
    name = names.record(secret.digest(made.secret))
    assert gate.verify(made.secret, LEADS)
    snapshot = client.dump(name)
    service.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
    assert snapshot
    client.restore(name, 0, snapshot, replace=True)
    gate.current.cache_clear()
    assert gate.verify(made.secret, LEADS)  # what the snapshot revived …
    service.tell_changes(timezone.now())
    assert gate.verify(made.secret, LEADS).code == "revoked"  # … is gone with the worker's next tick


def test_redis_that_is_another_server_loses_its_records_and_keeps_its_counts(
    project: Project, client: redis.Redis
) -> None:
    made = make.new_key(project)
    assert gate.verify(made.secret, LEADS)
    assert gate.catch_up(time.time(), loader.changed_since)
    assert client.get(names.record(secret.digest(made.secret))) is None
    assert not gate.catch_up(time.time(), loader.changed_since)
    settle()
    assert KeyUsage.objects.get(key_id=made.key.id).count == 1


def test_value_of_another_type_keeps_no_other_from_being_taken_away(project: Project, client: redis.Redis) -> None:
    made = make.new_key(project)
    digest = secret.digest(made.secret)
    for number in range(3):
        client.rpush(names.record(bytes([number]) * 32), "x")
    assert gate.verify(made.secret, LEADS)
    assert gate.catch_up(time.time(), loader.changed_since)
    assert client.exists(names.record(digest), *(names.record(bytes([number]) * 32) for number in range(3))) == 0
    assert not gate.catch_up(time.time(), loader.changed_since)  # it has noted that this is done


def test_value_of_another_type_is_no_obstacle_to_a_change(project: Project, client: redis.Redis) -> None:
    digest = secret.digest(make.new_key(project).secret)
    changes = shared_gate().changes
    client.rpush(names.record(digest), "x")
    changes.begin("first", [digest])
    assert stored(client, digest) == b"Pfirst,"
    client.delete(names.record(digest))
    client.rpush(names.record(digest), "x")
    assert changes.end("first", [digest])
    assert not client.exists(names.record(digest))
    client.rpush(names.record(digest), "x")
    assert changes.assert_again([digest])
    assert not client.exists(names.record(digest))


@pytest.mark.parametrize("told", ["nan", "inf", "-inf", "1e300", "-1e300", "-1", "99999999999", "", "x"])
def test_moment_that_is_none_is_as_if_redis_had_been_told_nothing(
    project: Project, client: redis.Redis, told: str
) -> None:
    gate.catch_up(time.time(), loader.changed_since)
    mark = names.run(0)
    marked = client.get(mark)
    assert isinstance(marked, bytes)
    run = marked.partition(b"|")[0]
    client.set(mark, b"%b|%b" % (run, told.encode()))
    assert gate.catch_up(time.time(), loader.changed_since)
    assert not gate.catch_up(time.time(), loader.changed_since)


def test_change_that_redis_was_not_told_of_says_so_once(
    project: Project, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make.new_key(project)
    browser = Client()
    browser.force_login(alice)
    behind_a_cut_cable = SharedGate("redis://127.0.0.1:1/0", shared_gate()._embedded)
    with monkeypatch.context() as cut:
        cut.setattr(gate, "current", lambda: behind_a_cut_cable)
        page = f"/projects/{project.slug}/api-keys/{made.key.id}/revoke/now/"
        response = browser.post(page, {"reason": "leaked"}, follow=True)
        assert gate.verify(made.secret, LEADS).code == "revoked"  # the database has it
    assert "Redis did not answer" in response.content.decode()
    assert not gate.holds_later()


def test_change_is_told_when_redis_can_be_reached_again(
    project: Project, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make.new_key(project)
    assert gate.verify(made.secret, LEADS)
    behind_a_cut_cable = SharedGate("redis://127.0.0.1:1/0", shared_gate()._embedded)
    with monkeypatch.context() as cut:
        cut.setattr(gate, "current", lambda: behind_a_cut_cable)
        service.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
        service.tell_changes(timezone.now())
    assert gate.holds_later()
    assert gate.verify(made.secret, LEADS)  # somebody whose cable is whole
    service.tell_changes(timezone.now())
    assert gate.verify(made.secret, LEADS).code == "revoked"


def test_change_of_long_ago_is_told_by_a_worker_that_has_just_started(
    project: Project, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make.new_key(project)
    now = time.time()
    gate.catch_up(now, loader.changed_since)
    assert gate.verify(made.secret, LEADS)
    behind_a_cut_cable = SharedGate("redis://127.0.0.1:1/0", shared_gate()._embedded)
    with monkeypatch.context() as cut:
        cut.setattr(gate, "current", lambda: behind_a_cut_cable)
        service.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
        for hour in range(3):
            gate.catch_up(now + hour * 3600, loader.changed_since)
    gate.current.cache_clear()
    assert gate.verify(made.secret, LEADS)  # Redis was never told
    assert not gate.catch_up(now + 4 * 3600, loader.changed_since)
    assert gate.verify(made.secret, LEADS).code == "revoked"


def test_mark_that_redis_lost_is_said_to_hold_later(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make.new_key(project)
    assert gate.verify(made.secret, LEADS)
    with gate.changing(digests=[secret.digest(made.secret)]):
        monkeypatch.setattr(shared_gate().changes, "_nodes", Nodes("redis://127.0.0.1:1/0", 0.1))
    assert gate.holds_later()
