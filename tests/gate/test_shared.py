"""The tiers: what memory and Redis hold is a hint that saves asking the database."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

import pytest
import redis
from django.utils import timezone

from apps.core import secret
from apps.core.verify import Judgement
from apps.gate import changes, codec, gate, names, shared
from apps.gate.meter import Batch
from apps.gate.shared import SharedGate
from apps.keys import loader, service
from apps.keys.models import Key
from apps.projects.models import Project
from apps.usage.models import KeyUsage
from apps.usage.service import settle, store
from tests import make
from tests.gate.tiers import LEADS, heard, shared_gate

pytestmark = pytest.mark.django_db


def test_warm_request_costs_no_query_and_one_script(
    project: Project, client: redis.Redis, django_assert_num_queries: Callable[[int], object]
) -> None:
    made = make.new_key(project)
    for _ in range(3):
        gate.verify(made.secret, LEADS)
    with django_assert_num_queries(0), heard(client) as commands:  # type: ignore[attr-defined]
        assert gate.verify(made.secret, LEADS)
    assert [command.split()[0] for command in commands] == ["EVALSHA"]


def test_record_in_redis_saves_the_query_in_another_process(
    project: Project, django_assert_num_queries: Callable[[int], object]
) -> None:
    made = make.new_key(project)
    assert gate.verify(made.secret, LEADS)
    gate.current.cache_clear()
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        assert gate.verify(made.secret, LEADS)


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
    away = SharedGate("redis://127.0.0.1:1/0", shared_gate()._embedded)
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


def test_key_that_was_ended_by_sql_is_refused_once_all_are_forgotten(project: Project) -> None:
    made = make.new_key(project)
    assert gate.verify(made.secret, LEADS)
    Key.objects.filter(pk=made.key.pk).update(revoked_at=timezone.now())
    assert gate.verify(made.secret, LEADS)  # nobody was told
    assert gate.forget_all() == 1
    assert gate.verify(made.secret, LEADS).code == "revoked"


def test_idle_key_takes_little_memory(project: Project, client: redis.Redis) -> None:
    made = make.new_key(project, scopes=["leads:read", "leads:write", "contacts:read"])
    assert gate.verify(made.secret, LEADS)
    assert 0 < (client.memory_usage(names.record(secret.digest(made.secret))) or 0) <= 230


def test_window_in_redis_stays_small_whatever_the_limit(project: Project, client: redis.Redis) -> None:
    made = make.new_key(project, rate_limit=1_000_000)
    for _ in range(300):
        assert gate.verify(made.secret, LEADS)
    window = names.window(names.bucket_of(secret.digest(made.secret)), made.key.id)
    assert client.strlen(window) <= 4 + 10 * 62


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
