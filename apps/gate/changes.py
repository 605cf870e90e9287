"""How a change reaches every process: marks in Redis around the transaction, and what makes good for a lost one."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import redis

from apps.core.errors import Unavailable
from apps.gate import names
from apps.gate.nodes import Nodes
from apps.gate.scripts import BEGIN, DROP, END
from apps.gate.wire import FAILURES, TOGETHER, Argument, Script, Wire, pack

log = logging.getLogger(__name__)

LIFE_MS = 60_000
"""A change that has not ended by then has most likely crashed. One that has not takes away at its end what was cached
meanwhile, and for the other the worker does."""

IDLE = 3600
"""Seconds after which a record that nobody asks about is dropped."""


SEEN_WITHIN = 60.0
"""Seconds after which a change is in the database for everybody to see: more than its transaction takes, and more than
the clocks of two machines differ."""


class Changes:
    """`nodes` are asked patiently: a change has nobody else to tell."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes

    def begin(self, change: str, digests: Iterable[bytes]) -> None:
        """Marks the keys: from now on every process asks the database about them."""
        self._announce(BEGIN, digests, [change, LIFE_MS])

    def end(self, change: str, digests: Iterable[bytes]) -> bool:
        """Takes the mark away, and with it all that was cached before the change. False: Redis was not told."""
        return self._announce(END, digests, [change])

    def catch_up(self, now: float, changed_since: Callable[[float], Iterable[bytes]]) -> bool:
        """Takes away what Redis holds of keys that changed lately, unless a change of them is on its way. True when a
        server was found to be another one: then all of its records are gone.

        For the change that could not be announced, and for a record that came back with an old snapshot. `now` and the
        argument of `changed_since`, which gives digests: seconds since 1970, UTC. Beside its records, each server keeps
        which run of it they are of and until when it has been told of all changes; so a worker goes on where another
        one ended, and a server that was restarted, or a replica that was promoted, loses its records. Its limits and
        counts are kept.
        """
        self._nodes.forget()
        replaced = False
        try:
            for wire, buckets in self._nodes.all():
                replaced |= self._catch_up(wire, buckets, now, changed_since)
        except FAILURES as error:
            self._note_failure(error)
        return replaced

    def _catch_up(
        self, wire: Wire, buckets: Sequence[int], now: float, changed_since: Callable[[float], Iterable[bytes]]
    ) -> bool:
        mark = names.run(buckets[0])
        try:
            run = _run_id(wire)
            told = _told_until(wire, mark, run, now)
            if told is None:
                _drop_all(wire)
            else:
                here = [d for d in changed_since(told - SEEN_WITHIN) if names.bucket_of(d) in buckets]
                if not self.assert_again(here):
                    return False
            wire.ask("SET", mark, b"%b|%.3f" % (run, now))
        except FAILURES as error:
            self._note_failure(error)
            return False
        return told is None

    def assert_again(self, digests: Iterable[bytes]) -> bool:
        """Takes away what Redis holds of these keys, unless a change of them is on its way. False: not of all."""
        return self._announce(DROP, digests, [])

    def _announce(self, script: Script, digests: Iterable[bytes], arguments: Collection[Argument]) -> bool:
        calls = [(names.bucket_of(d), script.command([names.record(d)], [*arguments])) for d in digests]
        try:
            answers = self._nodes.evaluate_all(script, calls, may_run_twice=True)
        except FAILURES as error:
            answers = [error]
        failures = [answer for answer in answers if isinstance(answer, Exception)]
        if failures:
            # The database has the change; whoever cannot reach Redis asks there, and the worker asserts it again.
            self._note_failure(failures[0])
        return not failures

    def _note_failure(self, error: Exception) -> None:
        log.warning("Redis could not be told of a change, which holds everywhere once a worker has told it: %s", error)
        self._nodes.forget()

    def forget_all(self) -> int:
        """Drops all records, but for the marks of changes; returns how many there were. Raises `Unavailable`."""
        try:
            return sum(_drop_all(wire) for wire, _ in self._nodes.all())
        except FAILURES as error:
            self._note_failure(error)
            raise Unavailable("Redis does not answer, so what it holds could not be dropped. Try again.") from error

    def forget_idle(self) -> int:
        """Drops the records that nobody has asked about for long; returns how many."""
        dropped = 0
        try:
            for wire, _ in self._nodes.all():
                for found in _records(wire):
                    ages = wire.ask_all([pack("OBJECT", "IDLETIME", name) for name in found])
                    idle = [name for name, age in zip(found, ages, strict=True) if isinstance(age, int) and age > IDLE]
                    dropped += _drop(wire, idle)
        except FAILURES as error:
            self._note_failure(error)
        return dropped


def _told_until(wire: Wire, mark: str, run: bytes, now: float) -> float | None:
    """Until when a server has been told of all changes; None when its records are of another run, or nobody knows."""
    marked = wire.ask_all([pack("GET", mark)])[0]  # an error where something of another type stands
    of, _, told = marked.partition(b"|") if isinstance(marked, bytes) else (b"", b"", b"")
    try:
        until = float(told) if of == run else math.nan
    except ValueError:
        return None
    return until if 0 <= until <= now + SEEN_WITHIN else None  # what nobody can have written is no number, or no time


def _drop(wire: Wire, found: Sequence[bytes]) -> int:
    """One command for each name: those of one server are in many slots of a cluster, which no command may mix."""
    answers = wire.ask_all([pack("UNLINK", name) for name in found]) if found else []
    return sum(answer for answer in answers if isinstance(answer, int))


def _drop_all(wire: Wire) -> int:
    """Drops the records on a server, but for the marks of changes; returns how many names there were."""
    number = 0
    for found in _records(wire):
        _drop_unless_changing(wire, found)
        number += len(found)
    return number


def _drop_unless_changing(wire: Wire, found: Sequence[bytes]) -> None:
    commands = [DROP.command([name.decode("latin-1")], []) for name in found]
    for answer in wire.ask_all([DROP.loading, *commands]):
        if isinstance(answer, redis.ResponseError) and not str(answer).startswith("MOVED"):
            raise answer


def _run_id(wire: Wire) -> bytes:
    info: bytes = wire.ask("INFO", "server")
    return next((line.strip() for line in info.splitlines() if line.startswith(b"run_id:")), b"")


def _records(wire: Wire) -> Iterable[list[bytes]]:
    """The names of all records on a server, some at a time."""
    cursor: Any = b"0"
    while True:
        cursor, found = wire.ask("SCAN", cursor, "MATCH", names.RECORDS, "COUNT", TOGETHER)
        if found:
            yield found
        if int(cursor) == 0:
            return
