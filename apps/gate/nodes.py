"""Which Redis server has which bucket: one has all of them, or a cluster shares them out."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.crc import key_slot

from apps.gate.names import BUCKETS, TAGS
from apps.gate.wire import FAILURES, TOGETHER, Argument, Script, Wire, pack

_ELSEWHERE = ("MOVED ", "ASK ")
"""What a server answers that is not the one to ask, with the address of the one that is."""

_NOT_NOW = ("TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "LOADING")
"""What a server answers that cannot tell now: a bucket is on its way to it, or it has just lost or got its office."""

_PAUSE = 0.005
"""Seconds before a server is asked again that could not tell."""

_ASKING = pack("ASKING")

_SLOTS = [key_slot(tag.encode()) for tag in TAGS]


class Nodes:
    """The servers behind `REDIS_URL`, asked when first needed, and again when they have changed places."""

    def __init__(self, url: str, timeout: float) -> None:
        self._url, self._timeout = url, timeout
        self._lock = threading.Lock()
        self._known: dict[str, Wire] = {}
        self._by_bucket: list[Wire] = []
        self._failed_at = 0.0

    def of(self, bucket: int) -> Wire:
        """The server that has a bucket."""
        return (self._by_bucket or self._find())[bucket]

    def known(self, bucket: int) -> Wire | None:
        """The same without asking; None when it is not known now."""
        return self._by_bucket[bucket] if self._by_bucket else None

    def beside(self, bucket: int) -> Iterable[int]:
        """The buckets on the same server, this one included; all of them when that is not known."""
        known = self._by_bucket
        return [b for b in range(BUCKETS) if known[b] is known[bucket]] if known else range(BUCKETS)

    def all(self) -> Iterator[tuple[Wire, list[int]]]:
        """Every server that has buckets, with these."""
        by_bucket = self._by_bucket or self._find()
        for wire in dict.fromkeys(by_bucket):
            yield wire, [bucket for bucket in range(BUCKETS) if by_bucket[bucket] is wire]

    def run(self, bucket: int, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """What a script returns that works on one bucket."""
        return self.evaluate(bucket, script, script.command(keys, arguments))

    def evaluate(self, bucket: int, script: Script, command: bytes) -> Any:
        """The same for a command that is ready. A bucket that moves is followed for as long as the timeout."""
        try:
            return self.of(bucket).evaluate(script, command)
        except redis.ResponseError as error:
            return self._follow(error, bucket, script, command, may_run_twice=True)

    def evaluate_all(
        self, script: Script, calls: Sequence[tuple[int, bytes]], *, may_run_twice: bool = False
    ) -> list[Any]:
        """What a script returns for each (bucket, command), in one round trip for `TOGETHER` of them on a server.

        In the place of an answer may stand the exception with which its server failed: the others have been asked.
        With `may_run_twice` a connection that had died unnoticed is replaced, and all that was sent is sent again.
        """
        answers: dict[int, Any] = {}
        places = defaultdict(list)
        for place, (bucket, _) in enumerate(calls):
            places[self.of(bucket)].append(place)
        for wire, of_wire in places.items():
            for start in range(0, len(of_wire), TOGETHER):
                some = of_wire[start : start + TOGETHER]
                given = _ask_all(
                    wire, [script.loading, *(calls[place][1] for place in some)], may_run_twice=may_run_twice
                )
                answers.update(zip(some, given[1:], strict=True))
        return [
            self._followed(answers[place], *call, script, may_run_twice=may_run_twice)
            for place, call in enumerate(calls)
        ]

    def _followed(self, answer: Any, bucket: int, command: bytes, script: Script, *, may_run_twice: bool) -> Any:
        if not isinstance(answer, redis.ResponseError):
            return answer
        try:
            return self._follow(answer, bucket, script, command, may_run_twice=may_run_twice)
        except FAILURES as error:
            return error

    def _follow(
        self, error: redis.ResponseError, bucket: int, script: Script, command: bytes, *, may_run_twice: bool
    ) -> Any:
        """What the server returns that a bucket has moved to. No command that was refused so has run.

        Raises `error` when it says something else, and `TimeoutError` when no server can tell in time.
        """
        until = time.monotonic() + self._timeout
        while True:
            said = str(error)
            if not said.startswith((*_ELSEWHERE, *_NOT_NOW)):
                raise error
            if time.monotonic() > until:
                raise redis.TimeoutError(said) from error
            try:
                return self._ask_elsewhere(said, bucket, script, command, may_run_twice=may_run_twice)
            except redis.ResponseError as another:
                error = another

    def _ask_elsewhere(self, said: str, bucket: int, script: Script, command: bytes, *, may_run_twice: bool) -> Any:
        if said.startswith(_ELSEWHERE):
            kind, _, address = said.split(" ", 2)
            host, _, port = address.rpartition(":")
            wire = self._wire(self._url_of(host, int(port)))
            if kind == "ASK":  # this once: the bucket is still on its way
                answer = wire.ask_all([script.loading, _ASKING, command])[2]
                if isinstance(answer, redis.ResponseError):
                    raise answer
                return answer
            self.forget()
            return wire.evaluate(script, command, may_run_twice=may_run_twice)
        time.sleep(_PAUSE)
        self.forget()
        return self.of(bucket).evaluate(script, command, may_run_twice=may_run_twice)

    def forget(self) -> None:
        """Asks anew who has what: a server has moved, or is gone."""
        self._by_bucket = []

    def _find(self) -> list[Wire]:
        began = time.monotonic()
        with self._lock:
            if self._by_bucket:
                return self._by_bucket
            if self._failed_at > began:  # for whoever asked before, while this thread waited: no reason to wait twice
                raise redis.ConnectionError("No Redis server can be reached.")
            try:
                self._by_bucket = by_bucket = self._ask()
            except BaseException:
                self._failed_at = time.monotonic()
                raise
            return by_bucket

    def _ask(self) -> list[Wire]:
        failure: Exception | None = None
        # Any node of a cluster knows them all.
        for wire in dict.fromkeys((self._wire(self._url), *self._known.values())):
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
                    return self._wire(self._url_of((host or b"").decode(), port))
            raise redis.RedisError(f"No server of the cluster has slot {slot}.")

        return [node(slot) for slot in _SLOTS]

    def _url_of(self, host: str, port: int) -> str:
        """As `REDIS_URL`, at another place: the same password and encryption."""
        parts = urlsplit(self._url)
        user, at, _ = parts.netloc.rpartition("@")
        host = host if host not in {"", "?"} else parts.hostname or ""  # "?": the node does not know its own name
        host = f"[{host}]" if ":" in host else host
        return parts._replace(netloc=f"{user}{at}{host}:{port}").geturl()

    def _wire(self, url: str) -> Wire:
        if url not in self._known:
            self._known[url] = Wire(url, self._timeout)
        return self._known[url]


def _ask_all(wire: Wire, commands: Sequence[bytes], *, may_run_twice: bool) -> list[Any]:
    """The answers, or as many times the exception with which the server failed."""
    try:
        return wire.ask_all(commands)
    except FAILURES as error:
        if may_run_twice and isinstance(error, ConnectionError):
            return _ask_all(wire, commands, may_run_twice=False)
        return [error] * len(commands)
