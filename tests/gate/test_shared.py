"""The tiers and the versions: what memory and Redis hold is a hint, and nothing from before a change survives it."""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Callable

import pytest
import redis
from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.core import secret
from apps.core.records import KeyRecord
from apps.core.verify import Ask, Found, Judgement
from apps.gate import changes, codec, gate, names, shared
from apps.gate.meter import Batch
from apps.gate.nodes import Nodes
from apps.gate.shared import SharedGate
from apps.keys import loader, service
from apps.keys.models import Key
from apps.projects.models import Project
from apps.usage.models import KeyUsage
from apps.usage.service import settle, store
from tests import make

pytestmark = pytest.mark.django_db

LEADS = Ask(resource="leads", ip="192.0.2.7", user_agent="tests/1")


@pytest.fixture
def client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)


def _stored(client: redis.Redis, digest: bytes) -> bytes:
    value = client.get(names.record(digest))
    return value if isinstance(value, bytes) else b""


def _shared() -> SharedGate:
    current = gate.current()
    assert isinstance(current, SharedGate)
    return current


def test_warm_request_costs_no_query_and_one_script(
    project: Project, client: redis.Redis, django_assert_num_queries: Callable[[int], object]
) -> None:
    made = make.new_key(project)
    for _ in range(3):
        gate.verify(made.secret, LEADS)
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        before = client.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0)
        assert gate.verify(made.secret, LEADS)
        assert client.info("commandstats")["cmdstat_evalsha"]["calls"] - before == 1


def test_record_in_redis_saves_the_query_in_another_process(
    project: Project, django_assert_num_queries: Callable[[int], object]
) -> None:
    made = make.new_key(project)
    assert gate.verify(made.secret, LEADS)
    gate.current.cache_clear()
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        assert gate.verify(made.secret, LEADS)


def test_other_process_refuses_a_revoked_key_that_it_remembers(project: Project) -> None:
    made = make.new_key(project)
    other = SharedGate(settings.REDIS_URL, _shared()._embedded)
    digest = secret.digest(made.secret)
    found = _warm(other, digest)
    service.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
    assert other.find(digest, LEADS, 0) == found  # it still remembers …
    assert other.admit(digest, found, LEADS, Judgement("ok", resource="leads")) is None  # … and is told so
    again = other.find(digest, LEADS, 1)
    assert again is not None
    assert again.record.ended == "revoked"


def test_fill_that_read_before_a_change_never_lands_after_it(project: Project, client: redis.Redis) -> None:
    made = make.new_key(project)
    digest = secret.digest(made.secret)
    shared = _shared()

    def load_and_be_overtaken(wanted: bytes) -> object:
        record = loader.load(wanted)
        service.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
        return record

    shared._embedded.load = load_and_be_overtaken  # type: ignore[assignment]
    stale = shared.find(digest, LEADS, 0)
    assert stale is not None
    assert stale.record.ended == ""
    assert not _stored(client, digest).startswith(b"V")
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
        assert _stored(client, digest).startswith(b"P")
    assert client.get(names.record(digest)) is None


def test_end_of_one_change_leaves_the_mark_of_another(project: Project, client: redis.Redis) -> None:
    digest = secret.digest(make.new_key(project).secret)
    shared = _shared()
    for change in ("first", "second"):
        shared.changes.begin(change, [digest])
    shared.changes.end("first", [digest])
    assert _stored(client, digest).startswith(b"P")
    shared.changes.end("second", [digest])
    assert client.get(names.record(digest)) is None


def test_change_that_crashed_leaves_a_mark_that_passes(project: Project, client: redis.Redis) -> None:
    digest = secret.digest(make.new_key(project).secret)
    _shared().changes.begin("crashed", [digest])
    assert 0 < client.pttl(names.record(digest)) <= 60_000


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"|",
        b"V1|",
        b"V1|null",
        b"V1|[]",
        b"V1|[99]",
        b"V1|{}",
        b"\xff\xfe|\x00",
        b"V12345678" + zlib.compress(b"[" * 5000),
        b"V12345678" + codec.encode(KeyRecord("key_1", 60, unrestricted=True)),
        b"V12345678" + codec.encode(KeyRecord("key_1", 60))[:-1],
        b"Vx|[1,2,3,4,5,6,7,8,9,10]",
    ],
)
def test_garbage_in_redis_is_never_an_answer(project: Project, client: redis.Redis, value: bytes) -> None:
    made = make.new_key(project)
    service.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
    client.set(names.record(secret.digest(made.secret)), value)
    assert [gate.verify(made.secret, LEADS).code for _ in range(2)] == ["revoked"] * 2


def test_record_that_was_copied_from_another_key_is_none(project: Project, client: redis.Redis) -> None:
    good, ended = make.new_key(project, "Good"), make.new_key(project, "Ended")
    service.revoke_key(actor=make.TESTER, key=ended.key, reason="leaked")
    assert gate.verify(good.secret, LEADS)
    client.copy(names.record(secret.digest(good.secret)), names.record(secret.digest(ended.secret)), replace=True)
    assert gate.verify(ended.secret, LEADS).code == "revoked"


def test_record_survives_its_way_through_redis(project: Project, bob: object) -> None:
    for made in (
        make.new_key(project, "A", allowed_ips=["10.0.0.0/8"], scopes=["leads:read", "calls:write"]),
        make.new_key(None, "B", owner=bob),
    ):
        record = loader.load(secret.digest(made.secret))
        assert record is not None
        assert codec.decode(codec.encode(record)) == record


def test_batch_that_comes_twice_counts_once(project: Project) -> None:
    made = make.new_key(project)
    for _ in range(3):
        gate.verify(made.secret, LEADS)
    batches = gate.batches()
    assert [store(batch) for batch in batches + batches] == [True, False]
    for batch in batches:
        gate.confirm(batch)
    assert settle() == 0
    assert KeyUsage.objects.get(key_id=made.key.id).count == 3


def test_batch_that_was_not_confirmed_comes_again_with_its_id(project: Project) -> None:
    gate.verify(make.new_key(project).secret, LEADS)
    first, second = gate.batches(), gate.batches()
    assert [batch.id for batch in first] == [batch.id for batch in second]
    assert all(isinstance(batch, Batch) for batch in first)


def test_requests_are_decided_and_counted_while_redis_is_away(project: Project) -> None:
    made = make.new_key(project, rate_limit=2)
    gate.verify(made.secret, LEADS)
    away = SharedGate("redis://127.0.0.1:1/0", _shared()._embedded)
    gate.current.cache_clear()
    embedded = away._embedded
    digest = secret.digest(made.secret)
    outcomes = []
    for _ in range(3):
        found = away.find(digest, LEADS, 0)
        assert found is not None
        admission = away.admit(digest, found, LEADS, Judgement("ok", resource="leads"))
        assert admission is not None
        outcomes.append(admission.code)
    assert outcomes == ["ok", "ok", "rate_limited"]
    assert sum(count.count for batch in embedded.batches() for count in batch.counts) == 3


def _warm(shared: SharedGate, digest: bytes) -> Found:
    for _ in range(2):
        found = shared.find(digest, LEADS, 0)
    assert found is not None
    assert found.version
    return found


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


def test_change_that_redis_was_not_told_of_says_so_once(
    project: Project, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make.new_key(project)
    browser = Client()
    browser.force_login(alice)
    behind_a_cut_cable = SharedGate("redis://127.0.0.1:1/0", _shared()._embedded)
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
    behind_a_cut_cable = SharedGate("redis://127.0.0.1:1/0", _shared()._embedded)
    with monkeypatch.context() as cut:
        cut.setattr(gate, "current", lambda: behind_a_cut_cable)
        service.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
        service.tell_changes(timezone.now())
    assert gate.holds_later()
    assert gate.verify(made.secret, LEADS)  # somebody whose cable is whole
    service.tell_changes(timezone.now())
    assert gate.verify(made.secret, LEADS).code == "revoked"


def _in(buckets: set[int]) -> str:
    """A key that was never issued, in one of these buckets."""
    return next(k for k in iter(lambda: secret.mint("sk_live_"), "") if names.bucket_of(secret.digest(k)) in buckets)


def test_address_that_sends_many_unknown_keys_is_not_looked_up_any_more(
    project: Project, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Callable[[int], object]
) -> None:
    monkeypatch.setattr(shared, "UNKNOWN_LIMIT", 1)
    made = make.new_key(project)
    here, elsewhere = LEADS, LEADS._replace(ip="192.0.2.8")
    made_up = [secret.mint("sk_live_") for _ in range(300)]
    buckets = {names.bucket_of(secret.digest(each)) for each in made_up}
    codes = [gate.verify(each, here).code for each in made_up]
    assert codes.count("unknown") == len(buckets)  # one in each
    assert codes.count("rate_limited") == 300 - len(buckets)
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        assert gate.verify(_in(buckets), here).code == "rate_limited"
    assert gate.verify(secret.mint("sk_live_"), elsewhere).code == "unknown"
    assert gate.verify(made.secret, elsewhere)
    assert gate.verify(made.secret, here)  # what is known is not looked up


def test_record_that_nobody_asks_about_is_dropped(
    project: Project, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make.new_key(project)
    assert gate.verify(made.secret, LEADS)
    assert gate.forget_idle() == 0
    monkeypatch.setattr(changes, "IDLE", -1)
    assert gate.forget_idle() == 1
    assert client.get(names.record(secret.digest(made.secret))) is None


def test_idle_key_takes_little_memory(project: Project, client: redis.Redis) -> None:
    made = make.new_key(project, scopes=["leads:read", "leads:write", "contacts:read"])
    assert gate.verify(made.secret, LEADS)
    assert 0 < (client.memory_usage(names.record(secret.digest(made.secret))) or 0) <= 230


@pytest.mark.parametrize("part", ["k", "w", "a", "u", "s"])
def test_what_is_of_another_type_is_taken_away(project: Project, client: redis.Redis, part: str) -> None:
    made = make.new_key(project)
    assert gate.verify(made.secret, LEADS)
    digest = secret.digest(made.secret)
    bucket = names.bucket_of(digest)
    name = {
        "k": names.record(digest),
        "w": names.window(bucket, made.key.id),
        "a": names.address(bucket, "192.0.2.7"),
        "u": names.usage(bucket),
        "s": names.seen(bucket),
    }[part]
    client.delete(name)
    client.rpush(name, "x")
    verdicts = [gate.verify(made.secret, LEADS) for _ in range(3)]
    gate.current.cache_clear()
    verdicts.append(gate.verify(made.secret, LEADS))
    assert all(verdicts)
    assert _shared()._health.is_up(bucket)  # it was no failure of Redis


def test_window_in_redis_stays_small_whatever_the_limit(project: Project, client: redis.Redis) -> None:
    made = make.new_key(project, rate_limit=1_000_000)
    for _ in range(300):
        assert gate.verify(made.secret, LEADS)
    window = names.window(names.bucket_of(secret.digest(made.secret)), made.key.id)
    assert client.strlen(window) <= 4 + 10 * 62


def test_change_of_long_ago_is_told_by_a_worker_that_has_just_started(
    project: Project, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make.new_key(project)
    now = time.time()
    gate.catch_up(now, loader.changed_since)
    assert gate.verify(made.secret, LEADS)
    behind_a_cut_cable = SharedGate("redis://127.0.0.1:1/0", _shared()._embedded)
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
        monkeypatch.setattr(_shared().changes, "_nodes", Nodes("redis://127.0.0.1:1/0", 0.1))
    assert gate.holds_later()


@pytest.mark.parametrize("garbage", [b"", b"x", b"many", b"x" * 13, b"\xff" * 14, b"\x00" * 24, b"\xff" * 64])
def test_garbage_in_a_window_or_a_count_is_of_no_use_and_no_harm(
    project: Project, client: redis.Redis, garbage: bytes
) -> None:
    made = make.new_key(project)
    digest = secret.digest(made.secret)
    bucket = names.bucket_of(digest)
    assert gate.verify(made.secret, LEADS)
    client.set(names.window(bucket, made.key.id), garbage)
    client.set(names.address(bucket, "192.0.2.7"), garbage)
    for cell in client.hkeys(names.usage(bucket)):
        client.hset(names.usage(bucket), cell, garbage)
    gate.current.cache_clear()
    client.delete(names.record(digest))
    codes = [gate.verify(made.secret, LEADS).code for _ in range(2)]
    assert set(codes) <= {"ok", "rate_limited"}
    assert _shared()._health.is_up(bucket)
    assert gate.verify(secret.mint("sk_live_"), LEADS).code == "unknown"
    assert 0 < client.pttl(names.window(bucket, made.key.id)) <= 61_000


def test_wait_after_a_lowered_limit_is_true(project: Project, client: redis.Redis) -> None:
    made = make.new_key(project, rate_limit=60)
    digest = secret.digest(made.secret)
    now = int(time.time())
    entries = [(now - 50, 20), (now - 30, 20), (now - 10, 10)]
    window = struct.pack(">I", 50) + b"".join(struct.pack(">IIH", second, number, 0) for second, number in entries)
    client.set(names.window(names.bucket_of(digest), made.key.id), window)
    service.set_rate_limit(actor=make.TESTER, key=made.key, limit=11)
    verdict = gate.verify(made.secret, LEADS)
    assert verdict.code == "rate_limited"
    assert verdict.rate is not None
    assert 28 <= verdict.rate.reset_seconds <= 30  # when the second forty has left, not the first twenty


def test_clock_that_went_back_gives_nobody_more_and_shuts_nobody_out(project: Project, client: redis.Redis) -> None:
    made = make.new_key(project, rate_limit=3)
    name = names.window(names.bucket_of(secret.digest(made.secret)), made.key.id)
    ahead = int(time.time()) + 3600
    client.set(name, struct.pack(">IIIH", 3, ahead, 3, 0))
    verdict = gate.verify(made.secret, LEADS)
    assert verdict.code == "rate_limited"
    assert verdict.rate is not None
    assert 58 <= verdict.rate.reset_seconds <= 61
    assert client.pttl(name) <= 61_000
