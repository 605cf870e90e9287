"""A verification that has come as far as Redis: all is decided but what Redis has to say."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.errors import Unavailable
from apps.core.verify import Admission, Ask, Found, Judgement, Verdict
from apps.gate import gate
from apps.gate.shared import SharedGate


@dataclass(frozen=True, slots=True)
class Waiting:
    """What Redis is to be asked about."""

    digest: bytes
    found: Found
    ask: Ask
    judgement: Judgement

    def verdict(self, admission: Admission) -> Verdict:
        return Verdict(admission.code, self.found.record, self.judgement, admission.rate)


def begin(shared: SharedGate, presented: str, ask: Ask) -> Verdict | Waiting | None:
    """The verdict, where Redis need not be asked; None, where more has to be asked than Redis, or than once."""
    try:
        return gate.verify(presented, ask, find=shared.remembered, admit=_put_off)
    except _PutOff as put_off:
        return put_off.waiting
    except (LookupError, Unavailable):
        return None


class _PutOff(Exception):
    def __init__(self, waiting: Waiting) -> None:
        super().__init__()
        self.waiting = waiting


def _put_off(digest: bytes, found: Found, ask: Ask, judgement: Judgement) -> Admission | None:
    raise _PutOff(Waiting(digest, found, ask, judgement))
