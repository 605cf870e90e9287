"""Whatever stands in Redis: nobody comes in who may not, nothing breaks, and when it is gone all is well."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

import pytest
import redis

from tests.faults import ask, poison, report, sizes
from tests.faults.changes import Changes
from tests.faults.load import ASKED
from tests.faults.site import Site
from tests.server import Answer

AT_MOST = sizes.size(60, 100_000)
SOON = 5.0
WELL = {"good": {200, 204}, "ended": {401}, "other": {403}}


@dataclass(frozen=True)
class People:
    """Keys, ID and secret: one is good, one has ended, one may do something else."""

    good: tuple[str, str]
    ended: tuple[str, str]
    other: tuple[str, str]

    @property
    def secrets(self) -> tuple[str, str, str]:
        return self.good[1], self.ended[1], self.other[1]


@pytest.fixture
def people(site: Site, operator: Changes, project: str) -> People:
    assert site.redis_server is not None
    site.redis_server.flush()
    good, ended = operator.keys(2, project=project).items()
    (other,) = operator.keys(1, project=project, scopes=["calls:read"]).items()
    operator.make("revoke", key=ended[0])
    return People(good, ended, other)


def test_no_poison_lets_anybody_in(site: Site, operator: Changes, people: People) -> None:
    client, chance = _client(site), random.Random(1)
    wrong, refused, tried = [], 0, 0
    for key, name, put in _poisons(site, people, client, chance)[:AT_MOST]:
        _ask_all(site, people)  # so that what is poisoned is in use
        client.delete(key)
        put(client, key)
        answers = _ask_all(site, people)
        harm = _harm(answers, people)
        refused += sum(answer.status not in {200, 204} for answer in answers["good"])
        client.delete(key)
        after = {who: {answer.status for answer in given} for who, given in _ask_all(site, people).items()}
        if harm or after != WELL:
            wrong.append((key, name, harm, after))
        tried += 1
    assert tried, "There is nothing of boltkeys in Redis."
    assert wrong == [], f"{len(wrong)} of {tried}"
    _assert_counted(site, operator, people.good)
    report.note("poison", tried=tried, accepted=0, good_keys_refused_meanwhile=refused)


def test_poisoned_count_holds_up_no_other(site: Site, operator: Changes, people: People) -> None:
    client, key_id = _client(site), people.good[0].encode()
    poisoned: set[bytes] = set()
    until = time.monotonic() + SOON
    while not poisoned and time.monotonic() < until:
        _ask_all(site, people)
        for key in client.scan_iter(match="bk:*", count=1000):
            value = poison.value_of(client, key)
            if isinstance(value, dict) and any(key_id in field for field in value):
                client.hset(key, mapping={"garbage": "x", b"\xff|1|": "1", key_id + b"|x|y|z": "nan"})
                poisoned.add(key)
    assert poisoned
    try:
        _assert_counted(site, operator, people.other)
    finally:
        client.flushall()
    _assert_counted(site, operator, people.good)


def _poisons(site: Site, people: People, client: redis.Redis, chance: random.Random) -> list[tuple[bytes, str, Any]]:
    """Each poison in each key of Redis that serves these three, in random order."""
    found: dict[bytes, Any] = {}
    for _ in range(5):  # some stand there for less than a second
        _ask_all(site, people)
        found |= {key: poison.value_of(client, key) for key in client.scan_iter(match="bk:*", count=1000)}
    poisons = []
    for key, value in found.items():
        others = [other for name, other in found.items() if name != key and type(other) is type(value) and other]
        poisons += [(key, name, put) for name, put in (*poison.of_any_kind(), *poison.made_of(value, others, chance))]
    foreign = [entry for entry in poisons if entry[1] == "of another key"]
    rest = [entry for entry in poisons if entry[1] != "of another key"]
    chance.shuffle(foreign)
    chance.shuffle(rest)
    return foreign[: AT_MOST // 3] + rest


def _ask_all(site: Site, people: People) -> dict[str, list[Answer]]:
    good, ended, other = people.secrets
    answers: dict[str, list[Answer]] = {"good": [], "ended": [], "other": []}
    for web in site.webs:
        answers["good"].append(web.server.call("/gate", key=good, **_headers()))
        answers["good"].append(web.server.call("/v1/leads?limit=1", key=good))
        answers["ended"].append(web.server.call("/v1/verify", key=ended, method="POST"))
        answers["other"].append(web.server.call("/gate", key=other, **_headers()))
    return answers


def _headers() -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in ASKED.items()}


def _harm(answers: dict[str, list[Answer]], people: People) -> set[str]:
    """What should not be: a fault, somebody let in, somebody taken for another."""
    harm = {f"{who}: {answer.status}" for who, given in answers.items() for answer in given if answer.status >= 500}
    for who in ("ended", "other"):
        harm |= {f"{who}: {answer.status}" for answer in answers[who] if answer.status not in {401, 403, 429}}
    told = {ask.header(answer, "X-Boltkeys-Key-Id") for answer in answers["good"] if answer.status == 204}
    return harm | {f"good: taken for {key}" for key in told - {people.good[0]}}


def _assert_counted(site: Site, operator: Changes, key: tuple[str, str]) -> None:
    """New requests of the key arrive in the database."""
    before = operator.make("used", key=key[0]).result
    for web in site.webs:
        assert web.server.call("/v1/verify", key=key[1], method="POST").status == 200
    until = time.monotonic() + SOON
    while operator.make("used", key=key[0]).result < before + len(site.webs):
        assert time.monotonic() < until, "The counts do not arrive."
        time.sleep(0.1)


def _client(site: Site) -> redis.Redis:
    assert site.redis_server is not None
    return site.redis_server.client()
