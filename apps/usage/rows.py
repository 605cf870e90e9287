"""From batches to rows: each row once, in one order, and nothing that a column cannot hold."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from apps.gate.meter import HOUR, Count, Seen, printable

log = logging.getLogger(__name__)

COUNT_MAX = 10**12
"""More than any key can be asked in the time that a batch covers: what is above it was not written by boltkeys."""

TIME_MAX = 2**33
"""Seconds since 1970: the year 2242."""


class Cell(NamedTuple):
    """What a row of `KeyUsage` counts; its `hour` began so many seconds after 1970."""

    hour: int
    key_id: str
    resource: str
    outcome: str


def in_order(cell: Cell) -> tuple[int, str, str, str]:
    """The order in which everybody takes the rows, so that no two wait for each other.

    The latest hour first: a roll-up holds counts of an hour while it waits for those of the first hour of their day.
    """
    return (-cell.hour, cell.key_id, cell.resource, cell.outcome)


@dataclass(frozen=True, slots=True)
class LastSeen:
    """The last use of a key, and the last attempt after its end, as far as a batch knows of them."""

    key_id: str
    used: Seen | None = None
    refused: Seen | None = None


def cells_of(counts: Iterable[Count]) -> dict[Cell, int]:
    """The cells of several batches, summed."""
    return summed((_cell(count), count.count) for count in counts if _is_storable(count))


def summed(counts: Iterable[tuple[Cell, int]]) -> dict[Cell, int]:
    """Each cell once, in the order to take them."""
    sums: dict[Cell, int] = {}
    for cell, count in counts:
        sums[cell] = sums.get(cell, 0) + count
    return {cell: sums[cell] for cell in sorted(sums, key=in_order)}


def last_seen_of(sightings: Iterable[Seen]) -> list[LastSeen]:
    """The latest sightings by key, in the order to take them."""
    latest: dict[tuple[str, bool], Seen] = {}
    for seen in sightings:
        if not (_fits(seen.key_id, 40) and 0 <= seen.at < TIME_MAX):
            log.warning("A sighting that no column can hold is left out: %r", seen)
        elif (known := latest.get((seen.key_id, seen.refused))) is None or known.at < seen.at:
            latest[seen.key_id, seen.refused] = seen
    return [_both(key_id, latest) for key_id in sorted({key_id for key_id, _ in latest})]


def moment(seen: Seen | None) -> datetime | None:
    return datetime.fromtimestamp(seen.at, UTC) if seen else None


def address(seen: Seen | None) -> str | None:
    """Without the zone of a link-local IPv6 address, for which PostgreSQL has no place."""
    try:
        return str(ipaddress.ip_address(seen.ip.partition("%")[0])) if seen else None
    except ValueError:
        return None


def agent(seen: Seen | None) -> str:
    return printable(seen.agent) if seen else ""


def _both(key_id: str, latest: Mapping[tuple[str, bool], Seen]) -> LastSeen:
    return LastSeen(key_id, latest.get((key_id, False)), latest.get((key_id, True)))


def _cell(count: Count) -> Cell:
    return Cell(count.hour // HOUR * HOUR, count.key_id, count.resource, count.outcome)


def _is_storable(count: Count) -> bool:
    texts = _fits(count.key_id, 40) and _fits(count.resource, 40) and _fits(count.outcome, 20)
    if texts and 0 <= count.hour < TIME_MAX and 0 < count.count <= COUNT_MAX:
        return True
    log.warning("A count that no column can hold is left out: %r", count)
    return False


def _fits(text: str, length: int) -> bool:
    """What boltkeys writes is printable ASCII; PostgreSQL has no place for a NUL or half a character."""
    return len(text) <= length and text.isascii() and (text.isprintable() or not text)
