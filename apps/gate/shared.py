"""The gate of many processes: memory and Redis as caches, Redis as the authority on versions, limits and counts."""

from __future__ import annotations

import logging
import math
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import redis

from apps.core.client import network
from apps.core.records import KeyRecord
from apps.core.verify import Admission, Ask, Flooded, Found, Judgement, Rate
from apps.gate import codec, names
from apps.gate.changes import Changes
from apps.gate.counts import Counts
from apps.gate.embedded import EmbeddedGate
from apps.gate.health import Health
from apps.gate.memory import Memory
from apps.gate.meter import Backlog, Batch, printable
from apps.gate.names import Named
from apps.gate.nodes import Nodes
from apps.gate.scripts import ADMIT, CARRY, DROP, FETCH, FILL, MEND, UNKNOWN
from apps.gate.tally import TALLY
from apps.gate.wire import FAILURES, Script, Wire, bulk

log = logging.getLogger(__name__)

TIMEOUT = 0.2
"""Seconds that a request waits for Redis, before the database is asked. What Redis does after that may count twice."""

PATIENCE = 2.0
"""Seconds that a change and a flush wait for Redis: they have nobody else to ask."""

TICKET_LIFE_MS = 10_000

UNKNOWN_LIMIT = 120
"""Unknown keys that an address may send in a minute, for each bucket: far more than a client that has a wrong key,
and few enough for the database to look up."""

MINUTE_MS = 60_000

VERSION_LENGTH = 9
"""Bytes: a V and eight random ones, which every fill draws anew."""


@dataclass(slots=True)
class Known(Found):
    """Found in a cache, with what is sent to Redis about it by judgement and resource."""

    commands: dict[tuple[str, str], bytes] = field(default_factory=dict, compare=False, repr=False)


class SharedGate:
    """Finds in memory, in Redis, in the database; admits in Redis. Falls back to `embedded` while Redis is away."""

    def __init__(self, url: str, embedded: EmbeddedGate) -> None:
        self._embedded = embedded
        self._memory = Memory()
        self._nodes, self._nodes_ahead, patient = Nodes(url, TIMEOUT), Nodes(url, TIMEOUT), Nodes(url, PATIENCE)
        self._health = Health(self._nodes, self._nodes_ahead)
        self._patient = patient
        self.changes = Changes(patient)
        self._counts = Counts(patient)

    # --- find ---------------------------------------------------------------------------------------------------

    def find(self, digest: bytes, ask: Ask, attempt: int) -> Found | None:
        if attempt == 0:
            remembered = self._memory.get(digest)
            if remembered is not None:
                return remembered
            if self._memory.is_unknown(digest):
                return None
        if attempt < 2 and self.is_up(digest):
            try:
                return self._find_in_redis(digest, ask.ip or "")
            except FAILURES as error:
                self.note_failure(error, digest)
        return self._embedded.find(digest, ask, attempt)

    def remembered(self, digest: bytes, ask: Ask, attempt: int) -> Found | None:
        """What is in memory, and not asked about anywhere else. Raises `LookupError` when nothing is."""
        found = self._memory.get(digest)
        if found is None and not self._memory.is_unknown(digest):
            raise LookupError
        return found

    def wire_of(self, digest: bytes) -> Wire | None:
        """The server that has a key; None while that is not known."""
        return self._nodes.known(names.bucket_of(digest))

    def wire_ahead(self, digest: bytes) -> Wire:
        """The same by connections of their own: on those that all use, another question could come in between."""
        return self._nodes_ahead.of(names.bucket_of(digest))

    def is_up(self, digest: bytes) -> bool:
        """Whether the server that has a key is to be asked now. Who is told so has to ask: see `Health`."""
        return self._health.is_up(names.bucket_of(digest))

    def note_failure(self, error: Exception, digest: bytes) -> None:
        """Redis has failed somebody who asked it about a key. What it holds of one key is no reason to leave it."""
        if _is_about_values(error):
            log.error("Redis could not work with what it holds of a key: %s", error)
        else:
            TALLY.failures += 1
            self._health.note_failure(error, names.bucket_of(digest))

    def _find_in_redis(self, digest: bytes, ip: str) -> Found | None:
        bucket = names.bucket_of(digest)
        keys = [names.record(digest), names.address(bucket, network(ip))]
        ticket = b"T" + secrets.token_hex(16).encode()
        command = FETCH.command(keys, [ticket, TICKET_LIFE_MS, UNKNOWN_LIMIT])
        value = self._evaluate(bucket, FETCH, command, lambda: keys, strings=2)
        self._health.note_answer(bucket)
        if value == 0:
            raise Flooded
        if value == ticket:
            return self._fill(digest, keys, ticket)
        version, record = _read(digest, value)
        if record is not None:
            return self._remember(digest, record, version)
        if value[:1] not in (b"T", b"P"):
            self._nodes.run(bucket, DROP, keys[:1], [])  # nothing that this version wrote: the next request fills it
        return self._look_up(digest)

    def _fill(self, digest: bytes, keys: list[str], ticket: bytes) -> Found | None:
        bucket = names.bucket_of(digest)
        found = self._look_up(digest)
        if found is None:
            self._nodes.run(bucket, UNKNOWN, keys, [ticket, MINUTE_MS])
            return None
        version = b"V" + os.urandom(VERSION_LENGTH - 1)
        if self._nodes.run(bucket, FILL, keys[:1], [ticket, version + _owner(digest) + codec.encode(found.record)]):
            self._remember(digest, found.record, version)
        return found

    def _look_up(self, digest: bytes) -> Found | None:
        record = self._embedded.load(digest)
        if record is None:
            self._memory.put_unknown(digest)
            return None
        return Found(record)

    def _remember(self, digest: bytes, record: KeyRecord, version: bytes) -> Found:
        found = Known(record, version)
        self._memory.put(digest, found)
        return found

    # --- admit --------------------------------------------------------------------------------------------------

    def admit(self, digest: bytes, found: Found, ask: Ask, judgement: Judgement) -> Admission | None:
        if self.is_up(digest):
            try:
                return self._admit_in_redis(digest, found, ask, judgement)
            except FAILURES as error:
                self.note_failure(error, digest)
        if found.version:
            return None  # nobody can say whether it still holds: ask the database
        TALLY.fallbacks += 1
        return self._embedded.admit(digest, found, ask, judgement)

    def _admit_in_redis(self, digest: bytes, found: Found, ask: Ask, judgement: Judgement) -> Admission | None:
        bucket = names.bucket_of(digest)
        command = self.command(digest, found, ask, judgement)
        answer = self._evaluate(bucket, ADMIT, command, lambda: _keys(digest, found.record), strings=2)
        return self.read(digest, found, answer)

    def command(self, digest: bytes, found: Found, ask: Ask, judgement: Judgement) -> bytes:
        """What Redis is asked: the call of `admit.lua`."""
        return _command(digest, found, judgement) + _caller(ask.ip, ask.user_agent)

    def read(self, digest: bytes, found: Found, answer: Any) -> Admission | None:
        """What Redis has answered; None when the record is not the one that holds."""
        self._health.note_answer(names.bucket_of(digest))
        if answer == 0:
            self._memory.drop(digest)
            return None
        outcome, used, wait_ms = answer
        limit = found.record.rate_limit
        return Admission(outcome.decode(), Rate(limit, limit - used if used < limit else 0, -(-wait_ms // 1000)))

    def _evaluate(
        self, bucket: int, script: Script, command: bytes, names_of: Callable[[], list[str]], strings: int
    ) -> Any:
        """What a script returns; once more, when something stood in Redis that no version of boltkeys wrote."""
        try:
            return self._nodes.evaluate(bucket, script, command)
        except redis.ResponseError as error:
            keys = names_of()  # which takes longer than all of judging, and is hardly ever needed
            if not _is_about_values(error) or not self._nodes.run(bucket, MEND, keys, [strings]):
                raise
            log.error("Something of another type stood in Redis under one of these names: %s", ", ".join(keys))
        return self._nodes.evaluate(bucket, script, command)

    # --- the rest -----------------------------------------------------------------------------------------------

    def forget(self, digests: Iterable[bytes]) -> None:
        """Takes keys out of the memory of this process."""
        for digest in digests:
            self._memory.drop(digest)

    def carry_window(self, old: Named, new: Named) -> None:
        self._embedded.carry_window(old, new)
        try:
            if window := self._patient.run(old.bucket, CARRY, [names.window(old.bucket, old.key_id)], [""]):
                self._patient.run(new.bucket, CARRY, [names.window(new.bucket, new.key_id)], [window])
        except FAILURES as error:
            log.warning("A successor begins with a whole minute's requests, for Redis did not answer: %s", error)

    def batches(self, digests: Iterable[bytes] | None = None) -> list[Batch]:
        buckets = None if digests is None else {names.bucket_of(digest) for digest in digests}
        return self._embedded.batches() + self._counts.batches(buckets)

    def backlog(self) -> Backlog:
        local = self._embedded.backlog().local
        try:
            shared, batches = self._counts.waiting()
        except FAILURES:
            return Backlog(local, is_redis_up=False)
        return Backlog(local, shared, batches, is_redis_up=True)

    def local_batches(self) -> list[Batch]:
        return self._embedded.batches()

    def confirm(self, batch: Batch) -> None:
        counts = self._counts if ":" in batch.id else self._embedded
        counts.confirm(batch)


def _is_about_values(error: Exception) -> bool:
    """Whether Redis is well, and refused to work with a value."""
    return isinstance(error, redis.ResponseError) and str(error).startswith(("ERR", "WRONGTYPE"))


def _owner(digest: bytes) -> bytes:
    """Stands in the value of a record: one that was copied from another key is none."""
    return digest[-8:]


def _read(digest: bytes, value: bytes) -> tuple[bytes, KeyRecord | None]:
    """The version and the record of a value in Redis; None for what this version of boltkeys did not write there."""
    version, rest = value[:VERSION_LENGTH], value[VERSION_LENGTH:]
    if version[:1] != b"V" or rest[:8] != _owner(digest):
        return version, None
    return version, codec.decode(rest[8:])


def _command(digest: bytes, found: Found, judgement: Judgement) -> bytes:
    """The call of `admit.lua` but for its last argument: made once for what is remembered."""
    if not isinstance(found, Known):
        return _make_command(digest, found, judgement)
    made = judgement.code, judgement.resource
    command = found.commands.get(made)
    if command is None:
        command = found.commands[made] = _make_command(digest, found, judgement)
    return command


def _make_command(digest: bytes, found: Found, judgement: Judgement) -> bytes:
    record = found.record
    expiry = "" if record.expires_at is None else math.ceil(record.expires_at * 1000)
    arguments = [found.version, expiry, record.rate_limit, judgement.code, record.key_id, judgement.resource]
    return ADMIT.beginning(_keys(digest, record), arguments)


def _keys(digest: bytes, record: KeyRecord) -> list[str]:
    """Strings first, then hashes."""
    bucket = names.bucket_of(digest)
    return [names.record(digest), names.window(bucket, record.key_id), names.usage(bucket), names.seen(bucket)]


@lru_cache(maxsize=4096)
def _caller(ip: str | None, agent: str) -> bytes:
    """The last argument of `admit.lua`. Remembered: the same callers come again and again."""
    return bulk(f"{ip or ''}|{printable(agent)}")
