"""No request that starts after the answer to a change is accepted, by any process, under load."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.faults import changes, judge, report, sizes
from tests.faults.changes import Changes
from tests.faults.load import GATE, LEADS, ROUTES, VERIFY, calling
from tests.faults.site import Site

REVOKES = sizes.size(12, 200)
APART = sizes.size(0.12, 0.1)


@dataclass(frozen=True)
class End:
    """A change that ends what a key may do: `target` is the name of what it is done to (see actions.py).

    `status` and `code` of the refusal; the routes are those that it concerns. `meanwhile`: how else a request may be
    refused that comes while the change is being made.
    """

    name: str
    what: str
    target: str
    status: int
    code: str
    routes: tuple[tuple[str, str], ...] = ROUTES
    meanwhile: frozenset[int] = frozenset()

    def __str__(self) -> str:
        return self.name


ON_RESOURCES = (GATE, GATE, LEADS)
ENDS = [
    End("revoke", "revoke", "key", 401, "revoked"),
    End("delete", "delete", "key", 401, "deleted"),
    End("rotation", "rotate", "key", 401, "expired"),
    End("limit", "lower", "key", 429, "rate_limited"),
    End("suspension", "suspend", "project", 403, "suspended"),
    End("demotion of the owner", "make_member", "member", 403, "missing_scope", ON_RESOURCES),
    End("grants of the owner", "demote", "member", 403, "missing_scope", ON_RESOURCES),
    End("deletion of the owner", "delete_user", "member", 401, "deleted", meanwhile=frozenset({404})),
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
            ends[key] = callers.see_out(index, partial(operator.make, end.what, **{end.target: target}))
        time.sleep(APART)
    judge.assert_in_use(callers.calls, ends)
    assert not any(done.later for done in ends.values())
    assert judge.accepted_after(callers.calls, ends) == []
    judge.assert_answers(callers.calls, {200, 204, end.status, *end.meanwhile})
    late = [call for call in callers.calls if call.key in ends and call.began > ends[call.key].ended]
    judge.assert_answers(late, {end.status})
    assert {call.code for call in callers.calls if call.status == end.status} == {end.code}
    times = [done.seconds for done in ends.values()]
    p50, p99 = report.milliseconds(times, 50), report.milliseconds(times, 99)
    report.note(f"{end} under load", changes=len(ends), requests=len(callers.calls), accepted_after=0, p50=p50, p99=p99)
    if end.name == "revoke" and sizes.WHOLE:
        assert report.percentile(times, 99) <= 0.05


def test_key_that_is_read_while_it_ends_is_refused_from_the_answer_on(
    site: Site, operator: Changes, project: str, tmp_path: Path
) -> None:
    """What a web process read of the database before the change arrives after it, and must not be kept anywhere.

    Its way to the database is slow, and that of the change is not.
    """
    keys, ends, chance = operator.keys(sizes.size(8, 150), project=project), {}, random.Random(1)
    with (
        _slow_database(site, 0.1),
        changes.changing(site, **site.direct) as quick,
        calling(
            tmp_path, site.ports, keys, processes=2, threads=4, routes=(VERIFY, GATE), around=(0, 0, 0, -1)
        ) as callers,
    ):
        quick.make("keys", number=1, project=project)  # so that it has its connections
        for index, key in enumerate(keys):
            callers.crowd_around(index)
            time.sleep(chance.uniform(0.1, 0.17))
            ends[key] = quick.make("revoke", key=key)
            time.sleep(0.25)
    judge.assert_in_use(callers.calls, ends, share=0.0)
    assert judge.accepted_after(callers.calls, ends) == []
    judge.assert_answers(callers.calls, {200, 204, 401})
    across = [call for call in callers.calls if call.began < ends[call.key].began and call.ended > ends[call.key].ended]
    report.note("revoke of keys being read", keys=len(ends), requests_across_it=len(across), accepted_after=0)
    assert across or not (sizes.WHOLE and site.database), "Nothing was being read."


@contextmanager
def _slow_database(site: Site, seconds: float) -> Iterator[None]:
    if site.database:
        site.database.delay(seconds)
    try:
        yield
    finally:
        if site.database:
            site.database.heal()


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
