"""A key and those that it was rotated from. Whoever uses it has used them before: their use is part of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from apps.keys import rules
from apps.usage import queries as usage
from apps.usage.queries import WINDOWS, Totals

REACH = WINDOWS["30d"] + timedelta(seconds=rules.GRACE_MAX) + timedelta(days=1)
"""A key that was made longer ago has predecessors whose grace period was over before the longest window began, so they
are not looked for: however often a key is rotated, those that count are few. A day for clocks that differ."""

# From each of the given keys to the one it was rotated from, and on. UNION: where two of them are of one line, once.
LINE = """
    WITH RECURSIVE line (id, rotated_to_id, digest, created_at) AS (
        SELECT id, rotated_to_id, digest, created_at FROM keys_key WHERE id IN ({given})
        UNION
        SELECT older.id, older.rotated_to_id, older.digest, older.created_at
        FROM keys_key AS older JOIN line ON older.rotated_to_id = line.id WHERE line.created_at >= %s
    )
    SELECT id, rotated_to_id, digest FROM line ORDER BY created_at
"""


class Link(NamedTuple):
    """One key of a line, and the one that it was rotated to."""

    key_id: str
    rotated_to: str | None
    digest: bytes


@dataclass(frozen=True, slots=True)
class Lineage:
    """The IDs of a key and its predecessors, for what they were used for; their digests, for what is still counted."""

    ids: frozenset[str]
    digests: tuple[bytes, ...]

    def total(self, now: datetime) -> Totals:
        """Accepted requests of all of them, in one query."""
        return sum(usage.totals(self.ids, now).values(), Totals())


def of(key_id: str, now: datetime) -> Lineage:
    """The line of one key, in one query."""
    links = _links([key_id], now)
    return Lineage(frozenset(link.key_id for link in links), tuple(link.digest for link in links))


def totals(key_ids: Collection[str], now: datetime) -> Mapping[str, Totals]:
    """Accepted requests of each of these keys and its predecessors, in two queries however many those are."""
    links = _links(key_ids, now)
    own = usage.totals([link.key_id for link in links], now)
    summed: dict[str, Totals] = {}
    handed_on: dict[str, Totals] = {}
    for key_id, rotated_to, _ in links:  # the oldest first: what a key was handed is there when its turn comes
        summed[key_id] = own.get(key_id, Totals()) + handed_on.get(key_id, Totals())
        if rotated_to:
            handed_on[rotated_to] = summed[key_id]
    return {key_id: summed[key_id] for key_id in key_ids}


def _links(key_ids: Collection[str], now: datetime) -> list[Link]:
    if not key_ids:
        return []
    since = connection.ops.adapt_datetimefield_value(now - REACH)
    with connection.cursor() as cursor:
        cursor.execute(LINE.format(given=", ".join(["%s"] * len(key_ids))), [*key_ids, since])
        return [Link(key_id, rotated_to, bytes(digest)) for key_id, rotated_to, digest in cursor.fetchall()]
