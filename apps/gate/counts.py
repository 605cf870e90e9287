"""The counts that wait in Redis for the database. Each batch comes again until it is confirmed."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import Any, TypeVar

import redis

from apps.gate import names
from apps.gate.health import Health
from apps.gate.meter import Batch, Count, Seen
from apps.gate.nodes import Nodes
from apps.gate.scripts import DRAIN
from apps.gate.wire import FAILURES, Wire, pack

log = logging.getLogger(__name__)

Item = TypeVar("Item")

_NAME = re.compile(rb"[0-9a-f]{32}")


class Counts:
    """What all processes have counted."""

    def __init__(self, nodes: Nodes, health: Health) -> None:
        self._nodes, self._health = nodes, health

    def batches(self, wanted: Set[int] | None = None) -> list[Batch]:
        """All, or those of some buckets."""
        try:
            nodes = [(wire, [b for b in has if wanted is None or b in wanted]) for wire, has in self._nodes.all()]
            return [batch for wire, buckets in nodes if buckets for batch in _waiting(wire, buckets)]
        except FAILURES as error:
            self._health.note_failure(error)
            return []

    def confirm(self, batch: Batch) -> None:
        """Drops a batch that has arrived. `Batch.id` is "<bucket>:<name>"."""
        number, _, name = batch.id.partition(":")
        bucket = int(number)
        try:
            _drop(self._nodes.of(bucket), bucket, name)
        except FAILURES as error:
            self._health.note_failure(error)


def _waiting(wire: Wire, buckets: list[int]) -> Iterator[Batch]:
    """Sets aside what has been counted, and reads all that was set aside: in two round trips."""
    waiting = [(bucket, name.decode()) for bucket, name in _set_aside(wire, buckets)]
    commands = [
        pack("HGETALL", key)
        for bucket, name in waiting
        for key in (names.usage(bucket, name), names.seen(bucket, name))
    ]
    answers = wire.ask_all(commands)
    for number, (bucket, name) in enumerate(waiting):
        counts, seen = (_fields(answer) for answer in answers[2 * number : 2 * number + 2])
        yield Batch(f"{bucket}:{name}", list(_read(_count, counts)), list(_read(_seen, seen)))


def _set_aside(wire: Wire, buckets: list[int]) -> Iterator[tuple[int, bytes]]:
    commands = []
    for bucket in buckets:
        new = uuid.uuid4().hex
        keys = [names.usage(bucket), names.seen(bucket), names.batches(bucket)]
        commands.append(DRAIN.command([*keys, names.usage(bucket, new), names.seen(bucket, new)], [new]))
    for bucket, found in zip(buckets, wire.run_each(DRAIN, commands), strict=True):
        for name in found:
            if _NAME.fullmatch(name):
                yield bucket, name
            else:
                wire.ask("SREM", names.batches(bucket), name)  # none of ours


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
        log.error("A batch of counts cannot be read and is dropped: %s", answer)
        return {}
    return dict(zip(answer[::2], answer[1::2], strict=True))


def _read(parse: Callable[[str, str], Item], fields: Mapping[bytes, bytes]) -> Iterable[Item]:
    """Each field by itself: one that boltkeys never wrote takes no other with it."""
    for field, value in fields.items():
        try:
            yield parse(field.decode(), value.decode())
        except ValueError:
            log.error("A count cannot be read and is dropped: %r %r", field[:100], value[:100])


def _count(field: str, number: str) -> Count:
    key_id, hour, resource, outcome = field.split("|")
    return Count(key_id, int(hour), resource, outcome, int(number))


def _seen(field: str, value: str) -> Seen:
    at, ip, agent = value.split("|", 2)
    return Seen(field.rstrip("!"), int(at) / 1000, ip, agent, field.endswith("!"))
