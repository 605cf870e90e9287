"""Redis is asked when a request comes in, and the answer read when it is needed: the way there and back then costs
nothing but what is left of it. Worth it where Redis is a network away.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import redis

from apps.core.verify import Ask, Examined, Verdict
from apps.gate import gate
from apps.gate.shared import SharedGate
from apps.gate.tally import TALLY
from apps.gate.wire import FAILURES, Line, Wire


@dataclass(slots=True, repr=False)
class Pending:
    """A question that is under way. `verdict` or `drop` has to be called, once, by the thread that asked."""

    _shared: SharedGate
    _presented: str
    _examined: Examined
    _wire: Wire
    _line: Line
    is_read: bool = False

    def verdict(self, presented: str, ask: Ask) -> Verdict | None:
        """The verdict, counted. None when this was another question, or the gate has to be asked once more."""
        if self.is_read or (presented, ask) != (self._presented, self._examined.ask):
            return None
        examined, began, answer = self._examined, perf_counter(), self._read()
        if answer is None or isinstance(answer, redis.ResponseError):
            return None
        admission = self._shared.read(examined.digest, examined.found, answer)
        if admission is None:
            return None
        TALLY.note(admission.code, perf_counter() - began)
        return examined.verdict(admission)

    def drop(self) -> None:
        """Reads the answer when nobody wanted it: it must not be taken for that to the next question."""
        if not self.is_read:
            self._read()

    def _read(self) -> Any:
        self.is_read = True
        try:
            return self._wire.receive(self._line)
        except ConnectionError:  # it may have been dead for long: who asks next finds out whether Redis is
            return None
        except FAILURES as error:
            self._shared.note_failure(error, self._examined.digest)
            return None


def ask_ahead(presented: str, ask: Ask) -> Pending | None:
    """Asks Redis about a key that is good for it as far as this process remembers, and does not wait.

    None: nothing was asked.
    """
    shared = gate.current()
    if not isinstance(shared, SharedGate):
        return None
    examined = gate.begin(shared, presented, ask)
    if not isinstance(examined, Examined) or examined.judgement.code != "ok" or not shared.is_up(examined.digest):
        return None
    command = shared.command(*examined)
    try:
        wire = shared.wire_ahead(examined.digest)
        return Pending(shared, presented, examined, wire, wire.send(command))
    except ConnectionError:
        return None
    except FAILURES as error:
        shared.note_failure(error, examined.digest)
        return None
