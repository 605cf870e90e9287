"""The counts that wait in Redis for the database. Each batch comes again until it is confirmed."""

from __future__ import annotations

import logging
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, TypeVar

import redis

from apps.gate import names
from apps.gate.meter import Batch, Count, Seen
from apps.gate.names import BUCKETS
from apps.gate.nodes import Nodes
from apps.gate.scripts import DRAIN
from apps.gate.wire import FAILURES, Wire, pack

log = logging.getLogger(__name__)

Item = TypeVar("Item")

_NAME = re.compile(rb"[0-9a-f]{32}")


class Counts:
    """What all processes have counted."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes

    def batches(self, wanted: Set[int] | None = None) -> list[Batch]:
        """All, or those of some buckets: as many as can be read, while a server is away."""
        by_wire: defaultdict[Wire, list[tuple[int, str]]] = defaultdict(list)
        try:
            for bucket, name in self._set_aside(range(BUCKETS) if wanted is None else wanted):
                by_wire[self._nodes.of(bucket)].append((bucket, name))
        except FAILURES as error:
            self._note_failure(error)
        return [batch for wire, some in by_wire.items() for batch in self._read_all(wire, some)]

    def _set_aside(self, buckets: Iterable[int]) -> Iterator[tuple[int, str]]:
        """Makes batches of what has been counted; all that wait, by bucket and name."""
        calls = [(bucket, _draining(bucket)) for bucket in buckets]
        for (bucket, _), found in zip(calls, self._nodes.evaluate_all(DRAIN, calls), strict=True):
            if isinstance(found, Exception):
                self._note_failure(found)
                continue
            for name in found:
                if _NAME.fullmatch(name):
                    yield bucket, name.decode()
                else:
                    self._nodes.of(bucket).ask("SREM", names.batches(bucket), name)  # none of ours

    def _read_all(self, wire: Wire, some: Sequence[tuple[int, str]]) -> list[Batch]:
        try:
            return list(_read_all(wire, some))
        except FAILURES as error:
            self._note_failure(error)
            return []

    def waiting(self) -> tuple[int, int]:
        """How many counts nobody has set aside yet, and how many batches were. Raises `FAILURES`."""
        counts = batches = 0
        for wire, buckets in self._nodes.all():
            answers = wire.ask_all([pack("HLEN", names.usage(bucket)) for bucket in buckets])
            counts += sum(answer for answer in answers if isinstance(answer, int))
            answers = wire.ask_all([pack("SCARD", names.batches(bucket)) for bucket in buckets])
            batches += sum(answer for answer in answers if isinstance(answer, int))
        return counts, batches

    def confirm(self, batch: Batch) -> None:
        """Drops a batch that has arrived. `Batch.id` is "<bucket>:<name>"."""
        number, _, name = batch.id.partition(":")
        bucket = int(number)
        try:
            _drop(self._nodes.of(bucket), bucket, name)
        except FAILURES as error:
            self._note_failure(error)

    def _note_failure(self, error: Exception) -> None:
        log.warning("Counts wait in Redis, which does not answer: %s", error)
        self._nodes.forget()


def _draining(bucket: int) -> bytes:
    new = uuid.uuid4().hex
    keys = [names.usage(bucket), names.seen(bucket), names.batches(bucket)]
    return DRAIN.command([*keys, names.usage(bucket, new), names.seen(bucket, new)], [new])


def _read_all(wire: Wire, waiting: Sequence[tuple[int, str]]) -> Iterator[Batch]:
    """The batches with these names: in one round trip."""
    commands = [
        pack("HGETALL", key)
        for bucket, name in waiting
        for key in (names.usage(bucket, name), names.seen(bucket, name))
    ]
    answers = wire.ask_all(commands) if commands else []
    for number, (bucket, name) in enumerate(waiting):
        counts, seen = (_fields(answer) for answer in answers[2 * number : 2 * number + 2])
        yield Batch(f"{bucket}:{name}", list(_read(_count, counts)), list(_read(_seen, seen)))


def _drop(wire: Wire, bucket: int, name: str) -> None:
    wire.ask_all(
        [
            pack("UNLINK", names.usage(bucket, name), names.seen(bucket, name)),
            pack("SREM", names.batches(bucket), name),
        ]
    )


def _fields(answer: Any) -> Mapping[bytes, bytes]:
    """What HGETALL says; nothing where something else stands than a hash."""
    if isinstance(answer, dict):  # RESP3
        return answer
    if isinstance(answer, redis.ResponseError):
        if not str(answer).startswith("WRONGTYPE"):
            raise answer  # the counts are there, and cannot be read now
        log.error("A batch of counts cannot be read and is dropped: %s", answer)
        return {}
    return dict(zip(answer[::2], answer[1::2], strict=True))


def _read(parse: Callable[[str, str], Item], fields: Mapping[bytes, bytes]) -> Iterable[Item]:
    """Each field by itself: one that boltkeys never wrote takes no other with it."""
    for field, value in fields.items():
        try:
            yield parse(field.decode(), value.decode())
        except (ValueError, OverflowError):
            log.error("A count cannot be read and is dropped: %r %r", field[:100], value[:100])


def _count(field: str, number: str) -> Count:
    key_id, hour, resource, outcome = field.split("|")
    return Count(key_id, int(hour), resource, outcome, int(number))


def _seen(field: str, value: str) -> Seen:
    at, ip, agent = value.split("|", 2)
    return Seen(field.rstrip("!"), int(at) / 1000, ip, agent, field.endswith("!"))
