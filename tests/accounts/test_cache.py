"""The cache, which holds the limits of sign-in, while Redis is away."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache
from redis.exceptions import ConnectionError as RedisAway

from boltkeys.cache import RETRY_SECONDS, FallbackCache


class Flaky(LocMemCache):
    """Stands in for Redis."""

    away = False
    calls = 0

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        self.calls += 1
        if self.away:
            raise RedisAway
        return super().get(key, default, version)


@pytest.fixture
def redis() -> Flaky:
    return Flaky("stands-in-for-redis", {})


@pytest.fixture
def cache(redis: Flaky) -> FallbackCache:
    made = FallbackCache("redis://127.0.0.1:1/0", {})
    made._redis = redis
    made.clear()
    return made


def test_values_live_in_redis(cache: FallbackCache, redis: Flaky) -> None:
    cache.set("a", [1.5])
    assert redis.get("a") == cache.get("a") == [1.5]
    assert cache.add("a", 2) is False
    assert cache.delete("a") is True
    assert cache.get("a", "none") == "none"


def test_the_process_remembers_while_redis_is_away(cache: FallbackCache, redis: Flaky) -> None:
    redis.away = True
    assert cache.get("a") is None
    cache.set("a", [1.5])
    assert cache.get("a") == [1.5]
    assert cache.add("a", 2) is False


def test_redis_is_left_alone_for_a_moment_after_a_failure_and_then_asked_again(
    cache: FallbackCache, redis: Flaky
) -> None:
    redis.away = True
    for _ in range(10):
        cache.get("a")
    assert redis.calls == 1
    assert time.monotonic() < cache._away_until <= time.monotonic() + RETRY_SECONDS
    redis.away = False
    cache._away_until = 0.0
    cache.set("a", "in redis")
    assert redis.get("a") == "in redis"


def test_a_server_that_refuses_is_a_server_that_is_away() -> None:
    cache = FallbackCache("redis://127.0.0.1:1/0", {"OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1}})
    cache.set("a", 1)
    assert cache.get("a") == 1
    cache.clear()
    assert cache.get("a") is None
