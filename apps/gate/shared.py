"""The gate of many processes: memory and Redis as caches, Redis as the authority on versions, limits and counts."""

from __future__ import annotations

import base64
import logging
import math
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import redis

from apps.core.records import KeyRecord
from apps.core.verify import Admission, Ask, Found, Judgement, Rate
from apps.gate import codec
from apps.gate.embedded import EmbeddedGate
from apps.gate.memory import Memory
from apps.gate.meter import Batch, Count, Seen, printable
from apps.gate.wire import Argument, Script, Wire, options

log = logging.getLogger(__name__)

BUCKETS = 64
"""Hash tags: all Redis keys of one script share one, and the tags spread over the nodes of a cluster."""

TIMEOUT = 0.1
"""Seconds that a request waits for Redis, before the database is asked."""

PATIENCE = 2.0
"""Seconds that a change and a flush wait for Redis: they have nobody else to ask."""

PAUSE = 0.5
"""Seconds without a call to Redis after it has failed."""

CHANGE_LIFE_MS = 60_000
"""A change that has not ended by then has crashed; its transaction is long over (see `lock_timeout`)."""

TICKET_LIFE_MS = 10_000
RECORD_LIFE_MS = 3600_000

_SCRIPTS = Path(__file__).parent / "scripts"
_ADMIT, _FETCH, _FILL, _BEGIN, _END, _DROP = (
    Script((_SCRIPTS / f"{name}.lua").read_text()) for name in ("admit", "fetch", "fill", "begin", "end", "drop")
)
_DRAIN = (_SCRIPTS / "drain.lua").read_text()
_FAILURES = (redis.RedisError, OSError)


class SharedGate:
    """Finds in memory, in Redis, in the database; admits in Redis. Falls back to `embedded` while Redis is away."""

    def __init__(self, url: str, embedded: EmbeddedGate) -> None:
        self._embedded = embedded
        self._memory = Memory()
        self._retry_at = 0.0
        self._wire = Wire(url, TIMEOUT)
        self._patient = Wire(url, PATIENCE)
        self._redis = redis.Redis.from_url(url, **options(PATIENCE))
        self._drain = self._redis.register_script(_DRAIN)
        self._run_id = ""

    # --- find ---------------------------------------------------------------------------------------------------

    def find(self, digest: bytes, attempt: int) -> Found | None:
        if attempt == 0 and (remembered := self._memory.get(digest)):
            return remembered
        if attempt == 0 and self._memory.is_unknown(digest):
            return None
        if attempt < 2 and self._is_up():
            try:
                return self._find_in_redis(digest)
            except _FAILURES as error:
                self._note_failure(error)
        return self._embedded.find(digest, attempt)

    def _find_in_redis(self, digest: bytes) -> Found | None:
        ticket = b"T" + uuid.uuid4().hex.encode()
        value: bytes = self._wire.run(_FETCH, [_record_key(digest)], [ticket, TICKET_LIFE_MS])
        version, bar, data = value.partition(b"|")
        if bar and (record := codec.decode(data)):
            return self._remember(digest, record, version)
        return self._find_at_source(digest, ticket if value == ticket else None)

    def _find_at_source(self, digest: bytes, ticket: bytes | None) -> Found | None:
        record = self._embedded.load(digest)
        if record is None:
            self._memory.put_unknown(digest)
            return None
        if ticket:
            version = b"V" + uuid.uuid4().hex[:16].encode()
            value = version + b"|" + codec.encode(record)
            if self._wire.run(_FILL, [_record_key(digest)], [ticket, value, RECORD_LIFE_MS]):
                self._remember(digest, record, version)
        return Found(record)

    def _remember(self, digest: bytes, record: KeyRecord, version: bytes) -> Found:
        found = Found(record, version.decode("ascii", "replace"))
        self._memory.put(digest, found)
        return found

    # --- admit --------------------------------------------------------------------------------------------------

    def admit(self, digest: bytes, found: Found, ask: Ask, judgement: Judgement) -> Admission | None:
        if self._is_up():
            try:
                return self._admit_in_redis(digest, found, ask, judgement)
            except _FAILURES as error:
                self._note_failure(error)
        if found.version:
            return None  # nobody can say whether it still holds: ask the database
        return self._embedded.admit(digest, found, ask, judgement)

    def _admit_in_redis(self, digest: bytes, found: Found, ask: Ask, judgement: Judgement) -> Admission | None:
        record = found.record
        tag = _tag(digest)
        answer = self._wire.run(
            _ADMIT,
            [_record_key(digest), f"bk:{tag}:w:{record.key_id}", f"bk:{tag}:u", f"bk:{tag}:s"],
            [
                found.version,
                "" if record.expires_at is None else math.ceil(record.expires_at * 1000),
                record.rate_limit,
                judgement.code,
                record.key_id,
                judgement.resource,
                ask.ip or "",
                printable(ask.user_agent),
            ],
        )
        if answer[0] == b"stale":
            self._memory.drop(digest)
            return None
        outcome, used, wait_ms = answer
        rate = Rate(record.rate_limit, max(0, record.rate_limit - used), math.ceil(wait_ms / 1000))
        return Admission(outcome.decode(), rate)

    # --- change -------------------------------------------------------------------------------------------------

    def begin_change(self, digests: Iterable[bytes]) -> str:
        """Marks the keys: from now on every process asks the database about them. Returns the change's name."""
        change = uuid.uuid4().hex
        self._run_for_each(_BEGIN, digests, [change, CHANGE_LIFE_MS])
        return change

    def end_change(self, change: str, digests: Iterable[bytes]) -> None:
        """Takes the mark away, and with it all that was cached before the change."""
        digests = list(digests)
        for digest in digests:
            self._memory.drop(digest)
        self._run_for_each(_END, digests, [change])

    def _run_for_each(self, script: Script, digests: Iterable[bytes], args: list[Argument]) -> None:
        try:
            for digest in digests:
                self._patient.run(script, [_record_key(digest)], args)
        except _FAILURES as error:
            # The database has the change; whoever cannot reach Redis asks there, and the worker asserts it again.
            log.warning("A change could not be announced in Redis: %s", error)
            self._note_failure(error)

    # --- assert again -------------------------------------------------------------------------------------------

    def assert_again(self, digests: Iterable[bytes]) -> None:
        """Takes away what Redis holds of keys that changed lately, unless a change of them is on its way.

        For the change that could not be announced, and for a record that came back with an old snapshot.
        """
        self._run_for_each(_DROP, digests, [])

    def forget_after_restart(self) -> bool:
        """Empties the cache of records when Redis is not the server it was, and says so.

        A server that was restarted from an older snapshot, or a replica that was promoted, may hold records from
        before a change. Its limits and counts are kept.
        """
        try:
            info: Any = self._redis.info("server")
            if info["run_id"] == self._run_id:
                return False
            for key in self._redis.scan_iter(match="bk:{*}:k:*", count=1000):
                self._redis.unlink(key)
            self._run_id = info["run_id"]
        except _FAILURES as error:
            self._note_failure(error)
            return False
        return True

    # --- counts -------------------------------------------------------------------------------------------------

    def batches(self) -> list[Batch]:
        waiting = self._embedded.batches()
        try:
            waiting += [self._read_batch(tag, name) for tag, name in self._set_aside()]
        except _FAILURES as error:
            self._note_failure(error)
        return waiting

    def _set_aside(self) -> list[tuple[str, str]]:
        """Tag and name of every batch that waits, in one round trip over all buckets."""
        pipeline = self._redis.pipeline(transaction=False)
        tags = [f"{{{bucket}}}" for bucket in range(BUCKETS)]
        for tag in tags:
            new = uuid.uuid4().hex
            names = [f"bk:{tag}:u", f"bk:{tag}:s", f"bk:{tag}:b", f"bk:{tag}:u:{new}", f"bk:{tag}:s:{new}"]
            self._drain(keys=names, args=[new], client=pipeline)
        return [(tag, name.decode()) for tag, names in zip(tags, pipeline.execute(), strict=True) for name in names]

    def local_batches(self) -> list[Batch]:
        return self._embedded.batches()

    def _read_batch(self, tag: str, name: str) -> Batch:
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.hgetall(f"bk:{tag}:u:{name}")
        pipeline.hgetall(f"bk:{tag}:s:{name}")
        counts, seen = pipeline.execute()
        return Batch(
            f"{tag}{name}",
            [_read_count(field.decode(), int(number)) for field, number in counts.items()],
            [_read_seen(field.decode(), value.decode()) for field, value in seen.items()],
        )

    def confirm(self, batch: Batch) -> None:
        tag, brace, name = batch.id.partition("}")
        if not brace:
            self._embedded.confirm(batch)
            return
        tag += brace
        try:
            self._redis.delete(f"bk:{tag}:u:{name}", f"bk:{tag}:s:{name}")
            self._redis.srem(f"bk:{tag}:b", name)
        except _FAILURES as error:
            self._note_failure(error)

    # --- Redis is away ------------------------------------------------------------------------------------------

    def _is_up(self) -> bool:
        return time.monotonic() >= self._retry_at

    def _note_failure(self, error: Exception) -> None:
        log.warning("Redis does not answer: %s", error)
        self._retry_at = time.monotonic() + PAUSE


def _tag(digest: bytes) -> str:
    return f"{{{digest[0] % BUCKETS}}}"


def _record_key(digest: bytes) -> str:
    return f"bk:{_tag(digest)}:k:{base64.urlsafe_b64encode(digest[:16]).rstrip(b'=').decode()}"


def _read_count(field: str, number: int) -> Count:
    key_id, hour, resource, outcome = field.split("|")
    return Count(key_id, int(hour), resource, outcome, number)


def _read_seen(field: str, value: str) -> Seen:
    at, ip, agent = value.split("|", 2)
    return Seen(field.rstrip("!"), int(at) / 1000, ip, agent, field.endswith("!"))
