"""The gate of this process: the one place through which keys are verified, changed and metered."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from time import perf_counter
from typing import Protocol

from django.conf import settings

from apps.core import verify as rules
from apps.core.catalogue import Catalogue
from apps.core.errors import Unavailable
from apps.core.records import KeyRecord
from apps.core.verify import Ask, Examined, Verdict
from apps.gate.embedded import EmbeddedGate
from apps.gate.meter import Backlog, Batch
from apps.gate.names import Named
from apps.gate.shared import SharedGate
from apps.gate.tally import TALLY


class DigestsOf(Protocol):
    def __call__(self, *, owner: str | None, project: str | None) -> list[bytes]:
        """The digests of all keys that depend on a user or on a project."""


@dataclass(frozen=True, slots=True)
class Sources:
    """How the gate learns what it does not know: the floor above gives these."""

    load: Callable[[bytes], KeyRecord | None]
    digests_of: DigestsOf
    catalogues: Callable[[], Mapping[str, Catalogue]]


_sources: Sources | None = None


def configure(
    *,
    load: Callable[[bytes], KeyRecord | None],
    digests_of: DigestsOf,
    catalogues: Callable[[], Mapping[str, Catalogue]],
) -> None:
    """Called once, at start. `load` reads the record of a digest at its source; None: there is no such key."""
    global _sources  # noqa: PLW0603  (told once, when the apps are ready)
    _sources = Sources(load, digests_of, catalogues)


def _configured() -> Sources:
    if _sources is None:
        raise RuntimeError("The gate has not been configured: apps.keys does so at start.")
    return _sources


@cache
def current() -> EmbeddedGate | SharedGate:
    """The gate of this process, made on first use: with Redis when `REDIS_URL` is set, else in the process alone."""
    embedded = EmbeddedGate(_configured().load)
    return SharedGate(settings.REDIS_URL, embedded) if settings.REDIS_URL else embedded


def verify(presented: str, ask: Ask) -> Verdict:
    """The verdict on a presented key. It has been counted when this returns. Raises `Unavailable`."""
    gate, catalogues = current(), _configured().catalogues()
    began, code = perf_counter(), "unavailable"
    try:
        verdict = rules.verify(presented, ask, catalogues=catalogues, find=gate.find, admit=gate.admit)
        code = verdict.code
    finally:
        TALLY.note(code, perf_counter() - began)
    return verdict


def begin(shared: SharedGate, presented: str, ask: Ask) -> Examined | Verdict | None:
    """As much of `verify` as this process knows by itself, for callers who then ask Redis in another way.

    None: more has to be asked than Redis, or than once, as `verify` does. Nothing has been counted.
    """
    try:
        return rules.examine(presented, ask, _configured().catalogues(), shared.remembered)
    except (LookupError, Unavailable):
        return None


@contextmanager
def changing(*, digests: Iterable[bytes] = (), owner: str | None = None, project: str | None = None) -> Iterator[None]:
    """Surrounds the transaction of a change to keys, to the rights of an `owner` (user ID) or to a `project` (ID).

    From before the commit until after it, all processes ask the database about these keys; no cache can give an
    answer from before the change once this block has been left. A crash inside leaves the keys in that state until
    the mark expires, by which time nothing from before is left. `holds_later` tells when Redis could not be told.
    """

    def affected() -> set[bytes]:
        dependent = _configured().digests_of(owner=owner, project=project) if owner or project else []
        return {*digests, *dependent}

    changes, change = current().changes, uuid.uuid4().hex
    before = affected()
    changes.begin(change, before)
    try:
        yield
    finally:
        # Asked again: a key that was made meanwhile depends on the change as well. One that has ended is not told of.
        after = before | affected()
        current().forget(after)
        if not changes.end(change, after):
            _late.set(True)


def carry_window(*, old: Named, new: Named) -> None:
    """Lets a key begin with what another has used of its minute. Nobody may have used the new one yet.

    From then on each has its own. Not done when Redis does not answer: the limit holds, for a minute from its start.
    """
    current().carry_window(old, new)


LATE = (
    "The change is saved, but Redis did not answer. A server that can still reach Redis may go by what held before, "
    "until a worker reaches Redis as well, and a second longer."
)
"""What `holds_later` means, for people."""

_late: ContextVar[bool] = ContextVar("late", default=False)


def holds_later() -> bool:
    """Whether a change since the last call could not be announced in Redis, and clears that."""
    late = _late.get()
    _late.set(False)
    return late


def catch_up(now: float, changed_since: Callable[[float], Iterable[bytes]]) -> bool:
    """Makes good for changes that Redis was not told of, or has forgotten: see `Changes.catch_up`. For the worker."""
    return current().changes.catch_up(now, changed_since)


def forget_all() -> int:
    """Has every key read at its source again, by all processes, from the next request on; returns how many were cached.

    For whoever has changed rows past `changing`: by SQL, or by restoring a backup. Raises `Unavailable`.
    """
    return current().changes.forget_all()


def forget_idle() -> int:
    """Drops cached records that nobody has asked about for an hour; returns how many."""
    return current().changes.forget_idle()


def batches(digests: Iterable[bytes] | None = None) -> list[Batch]:
    """What has been counted and is not yet in the database; each batch comes again until it is confirmed.

    With `digests`, at least what was counted for these keys.
    """
    return current().batches(digests)


def backlog() -> Backlog:
    """What has been counted and is not yet in the database, as numbers. Asks Redis, once for each of its servers."""
    return current().backlog()


def local_batches() -> list[Batch]:
    """The part of `batches` that is in the memory of this process."""
    return current().local_batches()


def confirm(batch: Batch) -> None:
    """Drops a batch that has arrived."""
    current().confirm(batch)
