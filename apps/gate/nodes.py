"""Which Redis server has which bucket: one has all of them, or a cluster shares them out."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.crc import key_slot

from apps.gate.names import BUCKETS
from apps.gate.wire import Argument, Script, Wire

_MOVED = ("MOVED", "ASK", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN", "READONLY")
"""What a server answers that is not, or not now, the one to ask."""

SLOTS = [key_slot(f"{{{bucket}}}".encode()) for bucket in range(BUCKETS)]


class Nodes:
    """The servers behind `REDIS_URL`, asked when first needed, and again when they have changed places."""

    def __init__(self, url: str, timeout: float) -> None:
        self._url, self._timeout = url, timeout
        self._lock = threading.Lock()
        self._known: dict[str, Wire] = {}
        self._by_bucket: list[Wire] = []

    def of(self, bucket: int) -> Wire:
        """The server that has a bucket."""
        return (self._by_bucket or self._find())[bucket]

    def all(self) -> Iterator[tuple[Wire, list[int]]]:
        """Every server that has buckets, with these."""
        by_bucket = self._by_bucket or self._find()
        for wire in dict.fromkeys(by_bucket):
            yield wire, [bucket for bucket in range(BUCKETS) if by_bucket[bucket] is wire]

    def run(self, bucket: int, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """What a script returns that works on one bucket."""
        return self.evaluate(bucket, script, script.command(keys, arguments))

    def evaluate(self, bucket: int, script: Script, command: bytes) -> Any:
        """The same for a command that is ready. A bucket that has moved is looked for once."""
        try:
            return self.of(bucket).evaluate(script, command)
        except redis.ResponseError as error:
            if not str(error).startswith(_MOVED):
                raise
            self.forget()
            return self.of(bucket).evaluate(script, command)

    def forget(self) -> None:
        """Asks anew who has what: a server has moved, or is gone."""
        self._by_bucket = []

    def _find(self) -> list[Wire]:
        with self._lock:
            if not self._by_bucket:
                self._by_bucket = self._ask()
            return self._by_bucket

    def _ask(self) -> list[Wire]:
        failure: Exception | None = None
        for wire in (self._wire(self._url), *self._known.values()):  # any node of a cluster knows them all
            try:
                info = wire.ask("INFO", "server")
                if b"redis_mode:cluster" not in info:
                    return [wire] * BUCKETS
                return self._by_slots(wire.ask("CLUSTER", "SLOTS"))
            except (redis.RedisError, OSError) as error:
                failure = error
        raise failure or redis.RedisError("No Redis server is known.")

    def _by_slots(self, ranges: list[Any]) -> list[Wire]:
        def node(slot: int) -> Wire:
            for first, last, (host, port, *_), *_ in ranges:
                if first <= slot <= last:
                    return self._wire(self._url_of(host.decode(), port))
            raise redis.RedisError(f"No server of the cluster has slot {slot}.")

        return [node(slot) for slot in SLOTS]

    def _url_of(self, host: str, port: int) -> str:
        """As `REDIS_URL`, at another place: the same password and encryption."""
        parts = urlsplit(self._url)
        user, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{user}{at}{host or parts.hostname}:{port}").geturl()

    def _wire(self, url: str) -> Wire:
        if url not in self._known:
            self._known[url] = Wire(url, self._timeout)
        return self._known[url]
