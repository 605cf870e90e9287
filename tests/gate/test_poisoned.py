"""What no boltkeys wrote into Redis is never an answer."""

from __future__ import annotations

import zlib

import pytest
import redis

from apps.core import secret
from apps.core.records import KeyRecord
from apps.gate import codec, gate, names
from apps.keys import service
from apps.projects.models import Project
from tests import make
from tests.gate.tiers import LEADS, shared_gate

pytestmark = pytest.mark.django_db


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
    assert shared_gate()._health.is_up(bucket)  # it was no failure of Redis


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
    assert shared_gate()._health.is_up(bucket)
    assert gate.verify(secret.mint("sk_live_"), LEADS).code == "unknown"
    assert 0 < client.pttl(names.window(bucket, made.key.id)) <= 61_000


def test_what_stands_in_the_place_of_a_window_keeps_no_key_from_being_rotated(
    project: Project, client: redis.Redis
) -> None:
    made = make.new_key(project)
    client.lpush(names.window(names.bucket_of(bytes(made.key.digest)), made.key.id), "x")
    new = service.rotate_key(actor=make.TESTER, key=made.key, grace=0)
    assert gate.verify(new.secret, LEADS).code == "ok"
