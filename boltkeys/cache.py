"""The cache when there is Redis: Redis, and the memory of this process while Redis is away.

What lives in it are the brute-force limits of sign-in. They go on, per process, and no page fails with the cache.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from django_redis.exceptions import ConnectionInterrupted
from django_redis.pool import ConnectionFactory
from redis import RedisCluster
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
"""How long Redis is left alone after it has failed, so that a page does not wait for every single call."""


class Connections(ConnectionFactory[Any, Any, Any]):  # type: ignore[misc]  # the package has no types
    """To a Redis, or to the whole Redis Cluster that it is part of."""

    def connect(self, url: str) -> Any:
        single = super().connect(url)
        return _cluster(url, *self._timeouts()) if single.info("cluster")["cluster_enabled"] else single

    def _timeouts(self) -> tuple[float, float]:
        return self.options["SOCKET_TIMEOUT"], self.options["SOCKET_CONNECT_TIMEOUT"]


@cache
def _cluster(url: str, timeout: float, connect_timeout: float) -> RedisCluster:
    """One for all threads, for each of which Django makes a cache."""
    return RedisCluster.from_url(url, socket_timeout=timeout, socket_connect_timeout=connect_timeout)


class FallbackCache(BaseCache):
    """A `RedisCache` with a `LocMemCache` behind it."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._redis: RedisCache[Any] = RedisCache(server, params)
        self._local = LocMemCache("boltkeys-fallback", {**params, "OPTIONS": {"MAX_ENTRIES": 100_000}})
        self._away_until = 0.0

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._try(lambda cache: cache.add(key, value, timeout=timeout, version=version)))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._try(lambda cache: cache.get(key, default=default, version=version))

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._try(lambda cache: cache.set(key, value, timeout=timeout, version=version))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._try(lambda cache: cache.touch(key, timeout=timeout, version=version)))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._try(lambda cache: cache.delete(key, version=version)))

    def clear(self) -> None:
        self._local.clear()
        self._try(lambda cache: cache.clear())

    def _try(self, call: Callable[[BaseCache], Any]) -> Any:
        if time.monotonic() >= self._away_until:
            try:
                return call(self._redis)
            except (RedisError, ConnectionInterrupted, OSError) as error:
                self._away_until = time.monotonic() + RETRY_SECONDS
                log.warning("The cache is away (%s); limits hold per process.", type(error).__name__)
        return call(self._local)
