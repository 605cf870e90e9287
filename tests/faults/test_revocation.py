"""No request that starts after the answer to a change is accepted, by any process, under load."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults import judge, report, sizes
from tests.faults.changes import Changes
from tests.faults.load import GATE, LEADS, ROUTES, calling
from tests.faults.site import Site

REVOKES = sizes.size(12, 200)
APART = sizes.size(0.12, 0.1)


@dataclass(frozen=True)
class End:
    """A change that ends what a key may do: `target` is the name of what it is done to (see actions.py).

    `status` and `code` of the refusal; the routes are those that it concerns.
    """

    name: str
    what: str
    target: str
    status: int
    code: str
    routes: tuple[tuple[str, str], ...] = ROUTES

    def __str__(self) -> str:
        return self.name


ON_RESOURCES = (GATE, GATE, LEADS)
ENDS = [
    End("revoke", "revoke", "key", 401, "revoked"),
    End("delete", "delete", "key", 401, "deleted"),
    End("expiry", "expire", "key", 401, "expired"),
    End("limit", "lower", "key", 429, "rate_limited"),
    End("suspension", "suspend", "project", 403, "suspended"),
    End("demotion of the owner", "make_member", "member", 403, "missing_scope", ON_RESOURCES),
    End("grants of the owner", "demote", "member", 403, "missing_scope", ON_RESOURCES),
    End("removal of the owner", "remove", "member", 404, "unknown_project", ON_RESOURCES),
]


@pytest.mark.parametrize("end", ENDS, ids=str)
def test_key_is_refused_from_the_answer_on(
    end: End, site: Site, operator: Changes, project: str, tmp_path: Path
) -> None:
    number = REVOKES if end.name == "revoke" else sizes.size(8, 50)
    keys, targets = _keys(end, number, operator, project)
    ends = {}
    with calling(
        tmp_path,
        site.ports,
        keys,
        processes=sizes.PROCESSES,
        threads=sizes.THREADS,
        routes=end.routes,
        pause=sizes.PAUSE,
    ) as callers:
        for index, (key, target) in enumerate(targets.items()):
            callers.crowd_around(index)
            time.sleep(APART)
            ends[key] = operator.make(end.what, **{end.target: target})
        time.sleep(APART)
    judge.assert_in_use(callers.calls, ends)
    assert judge.accepted_after(callers.calls, ends) == []
    judge.assert_answers(callers.calls, {200, 204, end.status})
    assert {call.code for call in callers.calls if call.status == end.status} == {end.code}
    times = [done.seconds for done in ends.values()]
    p50, p99 = report.milliseconds(times, 50), report.milliseconds(times, 99)
    report.note(f"{end} under load", changes=len(ends), requests=len(callers.calls), accepted_after=0, p50=p50, p99=p99)
    if end.name == "revoke" and sizes.WHOLE:
        assert report.percentile(times, 99) <= 0.05


def test_key_that_is_read_while_it_ends_is_refused_from_the_answer_on(
    site: Site, operator: Changes, project: str, tmp_path: Path
) -> None:
    """All callers meet a key for the first time at the moment of its end: what was read before must not land after.

    A slow way to the database makes what was read old by the time it arrives.
    """
    keys = operator.keys(sizes.size(40, 300), project=project)
    ends, chance = {}, random.Random(1)
    if site.database:
        site.database.delay(0.004)
    try:
        with calling(
            tmp_path,
            site.ports,
            keys,
            processes=sizes.PROCESSES,
            threads=sizes.THREADS,
            pause=sizes.PAUSE,
            around=(0, 0, 0, -1),
        ) as callers:
            for index, key in enumerate(keys):
                callers.crowd_around(index)
                time.sleep(chance.uniform(0, 0.025))
                ends[key] = operator.make("revoke", key=key)
                time.sleep(0.02)
            time.sleep(APART)
    finally:
        if site.database:
            site.database.heal()
    judge.assert_in_use(callers.calls, ends, share=0.1)
    assert judge.accepted_after(callers.calls, ends) == []
    judge.assert_answers(callers.calls, {200, 204, 401})
    met = sum(any(call.accepted for call in callers.calls if call.key == key) for key in ends)
    report.note("revoke of keys being read", keys=len(ends), of_these_accepted_before=met, accepted_after=0)


def _keys(end: End, number: int, operator: Changes, project: str) -> tuple[dict[str, str], dict[str, str]]:
    """Keys by ID, and for each what has to change for its end."""
    keys, targets = {}, {}
    for _ in range(number):
        if end.target == "member":
            role = "administrator" if end.what == "make_member" else "member"
            grants = [] if role == "administrator" else ["leads:read"]
            target = operator.make("member", project=project, role=role, grants=grants).result
            made = operator.keys(1, owner=target, scopes=[])
        else:
            target = operator.make("project").result if end.target == "project" else ""
            made = operator.keys(1, project=target or project)
        ((key, secret),) = made.items()
        keys[key], targets[key] = secret, target or key
    return keys, targets
