"""A key ends at its second, by Redis' clock, and without grace at once, whatever a web machine's clock says."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults import ask, judge, report, sizes
from tests.faults.changes import Changes, changing
from tests.faults.conftest import FULL
from tests.faults.load import calling
from tests.faults.site import Site, Web

CLOCK = Path(__file__).parent / "clock"
WRONG = (3600.0, -3600.0) if FULL else ()
"""Seconds. When embedded, the one process has the only clock there is."""

NEAR = sizes.size(2.0, 0.5)
"""Seconds from the end of a key: what a request may take on a machine that runs all the tests at once."""

CLOCKS = """
import json, time
from django.utils import timezone
print(json.dumps({"clocks": [time.time(), time.time_ns() / 1e9, timezone.now().timestamp()]}))
"""


@pytest.fixture(scope="module")
def wrong(site: Site) -> Iterator[list[Web]]:
    """Web processes whose clocks are an hour fast and an hour slow."""
    added = [site.add_web(PYTHONPATH=str(CLOCK), BOLTKEYS_CLOCK=str(seconds)) for seconds in WRONG]
    try:
        site.start()
        yield added
    finally:
        for web in added:
            web.process.kill()
            site.webs.remove(web)


def test_clocks_are_wrong(wrong: list[Web]) -> None:
    """Else the next test would say nothing."""
    for web, seconds in zip(wrong, WRONG, strict=True):
        said = web.server.manage("shell", "-c", CLOCKS)
        assert all(abs(clock - time.time() - seconds) < 60 for clock in said["clocks"])


def test_key_ends_at_its_second(site: Site, operator: Changes, project: str, wrong: list[Web], tmp_path: Path) -> None:
    at = math.ceil(time.time() + sizes.size(4, 10))
    keys = operator.keys(4, project=project, expires_at=datetime.fromtimestamp(at, UTC).isoformat())
    moment = time.monotonic_ns() + round((at - time.time()) * judge.SECOND)
    ports = [web.port for web in wrong] or site.ports
    with calling(tmp_path, ports, keys, processes=2, threads=sizes.THREADS) as callers:
        time.sleep(at - time.time() + 0.5)
    early = [call for call in callers.calls if call.ended < moment and not call.accepted]
    late = [call for call in callers.calls if call.began > moment and call.accepted]
    assert (early, late) == ([], [])
    judge.assert_answers(callers.calls, {200, 204, 401})
    assert {call.code for call in callers.calls if call.status == 401} == {"expired"}
    last = max((call.began - moment) / judge.SECOND for call in callers.calls if call.accepted)
    first = min((call.ended - moment) / judge.SECOND for call in callers.calls if not call.accepted)
    assert last > -NEAR and first < NEAR, "Nobody asked around that second."
    report.note("expiry", requests=len(callers.calls), last_accepted_began=last, first_refused_ended=first)


@pytest.mark.skipif(not FULL, reason="The one process has the only clock there is.")
@pytest.mark.parametrize("seconds", WRONG)
def test_key_that_is_rotated_without_grace_ends_at_once(
    seconds: float, site: Site, operator: Changes, project: str
) -> None:
    ((key, presented),) = operator.keys(1, project=project).items()
    assert {answer.status for answer in ask.verify(site, presented)} == {200}
    with changing(site, PYTHONPATH=str(CLOCK), BOLTKEYS_CLOCK=str(seconds)) as wrong:
        wrong.make("rotate", key=key)
    assert {answer.json()["code"] for answer in ask.verify(site, presented)} == {"expired"}
