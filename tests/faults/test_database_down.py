"""While the database is away, keys in use go on; nobody else comes in, and nothing is forgotten or made up."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apps.core import secret
from boltkeys.postgres import PATIENCE
from tests.faults import ask, judge, report, sizes
from tests.faults.changes import Changes
from tests.faults.load import GATE, VERIFY, calling
from tests.faults.site import Site
from tests.server import Answer

OUTAGE = sizes.size(3.0, 30.0)
HANG = sizes.size(PATIENCE + 2.0, 30.0)
"""Somebody has to have given up."""

RECOVERY = 2.0
SOON = 15.0

SIGNED_IN = "boltkeys_session=abcdefghijklmnopqrstuvwxyz012345"
"""Whether it is one of ours only the database knows."""


def _refuse(site: Site) -> None:
    assert site.database is not None
    site.database.refuse()


def _hang(site: Site) -> None:
    assert site.database is not None
    site.database.hang()


def _heal(site: Site) -> None:
    assert site.database is not None
    site.database.heal()


def _kill(site: Site) -> None:
    assert site.database_server is not None
    site.database_server.process.kill()


def _start(site: Site) -> None:
    assert site.database_server is not None
    site.database_server.restart()


Fault = tuple[Callable[[Site], None], Callable[[Site], None], float]
FAULTS: dict[str, Fault] = {
    "cannot be reached": (_refuse, _heal, OUTAGE),
    "hangs": (_hang, _heal, HANG),
    "is killed": (_kill, _start, OUTAGE),
}


@pytest.mark.parametrize("how", FAULTS)
def test_keys_in_use_go_on_while_the_database(
    how: str, site: Site, operator: Changes, project: str, tmp_path: Path
) -> None:
    fail, mend, outage = FAULTS[how]
    warm = operator.keys(6, project=project)
    (revoked, just_revoked, cold) = operator.keys(3, project=project).items()
    operator.make("revoke", key=revoked[0])
    unknown = secret.mint("sk_live_")
    for presented in (*warm.values(), revoked[1], just_revoked[1]):
        ask.verify(site, presented)
    with calling(
        tmp_path, site.ports, warm, processes=1, threads=sizes.size(4, 16), routes=(GATE, VERIFY), pause=0.05
    ) as callers:
        time.sleep(0.3)
        operator.make("revoke", key=just_revoked[0])
        fail(site)
        away = time.monotonic_ns()
        until = time.monotonic() + outage
        call = site.webs[0].server.call
        with ThreadPoolExecutor() as together:
            who = {"revoked": revoked[1], "just revoked": just_revoked[1], "cold": cold[1], "unknown": unknown}
            asked = {name: together.submit(_ask, site, presented) for name, presented in who.items()}
            page = together.submit(call, f"/projects/{project}/api-keys/", Cookie=SIGNED_IN)
            record = together.submit(call, "/v1/leads?limit=1", key=next(iter(warm.values())))
            ready = together.submit(call, "/readyz")
            refused = {name: answers.result() for name, answers in asked.items()}
        time.sleep(max(0.0, until - time.monotonic()))
        back = time.monotonic_ns()
        mend(site)
        took = _seconds_until_found(site, cold[1])
    judge.assert_answers(callers.calls, {200, 204})
    assert all(call.answered == call.key for call in callers.calls)
    _assert_refused(refused)
    assert (page.result().status, b"<html" in page.result().body) == (503, True)
    assert (record.result().status, record.result().json()["code"]) == (503, "unavailable")
    assert ready.result().status == 503
    assert {(answer.status, answer.json()["code"]) for answer in ask.verify(site, unknown)} == {(401, "unknown")}
    assert {answer.json()["code"] for answer in ask.verify(site, just_revoked[1])} == {"revoked"}
    during = [call.seconds for call in callers.calls if call.began > away and call.ended < back]
    report.note(
        f"database {how} for {outage:g} s",
        requests=len(callers.calls),
        of_keys_in_use_refused=0,
        p99=report.milliseconds(during, 99),
        worst=report.milliseconds(during, 100),
        unknown_answered_after=f"{max(seconds for _, seconds in refused['unknown']):.2f} s",
        recovered_in=took,
    )
    if sizes.WHOLE:
        assert took <= RECOVERY


Timed = tuple[Answer, float]


def _ask(site: Site, presented: str) -> list[Timed]:
    """What each web process says, and how many seconds it took."""
    answers = []
    for web in site.webs:
        began = time.monotonic()
        answers.append((web.server.call("/v1/verify", key=presented, method="POST"), time.monotonic() - began))
    return answers


def _assert_refused(answers: dict[str, list[Timed]]) -> None:
    """Whoever cannot be looked up is asked to come again; that a key has ended may still be known."""
    said = {who: {(answer.status, answer.json()["code"]) for answer, _ in given} for who, given in answers.items()}
    away = (503, "unavailable")
    assert said["cold"] == said["unknown"] == {away}
    assert said["revoked"] | said["just revoked"] <= {away, (401, "revoked")}
    assert all(
        ask.header(answer, "Retry-After") for given in answers.values() for answer, _ in given if answer.status == 503
    )


def _seconds_until_found(site: Site, presented: str) -> float:
    """How long after now every web process lets a key in that it has not seen before."""
    began = time.monotonic()
    while {answer.status for answer in ask.verify(site, presented)} != {200}:
        assert time.monotonic() - began < SOON, "The database is back and is not asked."
        time.sleep(0.05)
    return time.monotonic() - began
