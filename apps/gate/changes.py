"""How a change reaches every process: marks in Redis around the transaction, and what makes good for a lost one."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from apps.gate import names
from apps.gate.health import Health
from apps.gate.nodes import Nodes
from apps.gate.scripts import BEGIN, DROP, END
from apps.gate.wire import FAILURES, TOGETHER, Argument, Script, Wire, pack

log = logging.getLogger(__name__)

LIFE_MS = 60_000
"""A change that has not ended by then has crashed; its transaction is long over (see `lock_timeout`)."""

IDLE = 3600
"""Seconds after which a record that nobody asks about is dropped."""


class Changes:
    """`nodes` are asked patiently: a change has nobody else to tell."""

    def __init__(self, nodes: Nodes, health: Health) -> None:
        self._nodes, self._health = nodes, health

    def begin(self, change: str, digests: Iterable[bytes]) -> bool:
        """Marks the keys: from now on every process asks the database about them. False: Redis was not told."""
        return self._announce(BEGIN, digests, [change, LIFE_MS])

    def end(self, change: str, digests: Iterable[bytes]) -> bool:
        """Takes the mark away, and with it all that was cached before the change. False: Redis was not told."""
        return self._announce(END, digests, [change])

    def assert_again(self, digests: Iterable[bytes]) -> bool:
        """Takes away what Redis holds of keys that changed lately, unless a change of them is on its way.

        For the change that could not be announced, and for a record that came back with an old snapshot.
        """
        return self._announce(DROP, digests, [])

    def _announce(self, script: Script, digests: Iterable[bytes], arguments: Collection[Argument]) -> bool:
        calls = [(names.bucket_of(d), script.command([names.record(d)], [*arguments])) for d in digests]
        try:
            self._nodes.evaluate_all(script, calls, may_run_twice=True)
        except FAILURES as error:
            # The database has the change; whoever cannot reach Redis asks there, and the worker asserts it again.
            log.warning(
                "Redis could not be told of a change, which holds everywhere once a worker has told it: %s", error
            )
            self._health.note_failure(error)
            return False
        return True

    def forget_after_restart(self) -> bool:
        """Drops the records of servers that are not what they were, and says whether there were any.

        A server that was restarted from an older snapshot, or a replica that was promoted, may hold records from
        before a change. Its limits and counts are kept. Beside the records stands which run of which server they are
        of: a worker that has just started finds them as they should be, and leaves them alone.
        """
        self._nodes.forget()
        replaced = False
        try:
            for wire, buckets in self._nodes.all():
                replaced |= _forget_of_another(wire, names.run(buckets[0]))
        except FAILURES as error:
            self._health.note_failure(error)
        return replaced

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
            self._health.note_failure(error)
        return dropped


def _forget_of_another(wire: Wire, mark: str) -> bool:
    """Drops the records of a server unless `mark` says that they are of its present run, and marks them then."""
    run_id = _run_id(wire)
    marked = wire.ask_all([pack("GET", mark)])[0]  # an error where something of another type stands
    if marked == run_id:
        return False
    for found in _records(wire):
        _drop(wire, found)
    wire.ask("SET", mark, run_id)
    return True


def _drop(wire: Wire, found: Sequence[bytes]) -> int:
    """One command for each name: those of one server are in many slots of a cluster, which no command may mix."""
    answers = wire.ask_all([pack("UNLINK", name) for name in found]) if found else []
    return sum(answer for answer in answers if isinstance(answer, int))


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
