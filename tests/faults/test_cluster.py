"""The same promises on a Redis Cluster, while buckets move between its servers and replicas take their place."""

from __future__ import annotations

import time
from pathlib import Path

from redis.crc import key_slot

from apps.core import secret
from apps.gate import names
from tests.faults import ask, counting, judge, report, sizes
from tests.faults.changes import Done
from tests.faults.cluster import Node
from tests.faults.conftest import Large
from tests.faults.load import GATE, VERIFY, calling

LIMIT = 10
WITHIN = 5.0
FAILS_OVER_WITHIN = 15.0


def test_keys_are_on_every_server(large: Large) -> None:
    keys = large.operator.keys(24, project=large.project)
    until = time.monotonic() + WITHIN  # a record is left out while a server is slow to answer
    while True:
        for presented in keys.values():
            assert {answer.status for answer in ask.verify(large.site, presented)} == {200}
        records = [node.ask("KEYS", names.RECORDS) for node in large.cluster.primaries()]
        if sum(map(len, records)) >= len(keys) or time.monotonic() > until:
            break
    assert all(records)
    assert sum(map(len, records)) >= len(keys)


def test_limit_is_exact_over_all_processes(large: Large) -> None:
    keys = large.operator.keys(4, project=large.project, rate_limit=LIMIT)
    for presented in keys.values():
        assert _accepted(large, presented, LIMIT) == LIMIT


def test_limits_of_sign_in_hold_over_all_processes(large: Large) -> None:
    """They are in the cache, which one process writes here and another one reads."""
    names = [f"attempts-{number}" for number in range(12)]
    manage = large.site.tools.manage
    manage("shell", "-c", f"from django.core.cache import cache; [cache.set(name, name) for name in {names}]")
    read = f"import json; from django.core.cache import cache; print(json.dumps({{n: cache.get(n) for n in {names}}}))"
    assert manage("shell", "-c", read) == {name: name for name in names}


def test_revoked_key_is_refused_from_the_answer_on_while_servers_change_places(large: Large, tmp_path: Path) -> None:
    """Of each key a bucket is on its way, or a replica is taking over in good order."""
    keys = large.operator.keys(sizes.size(6, 30), project=large.project)
    ends: dict[str, Done] = {}
    with calling(
        tmp_path, large.site.ports, keys, processes=1, threads=sizes.size(6, 32), pause=0.02, routes=(GATE, VERIFY)
    ) as callers:
        for index, (key, presented) in enumerate(keys.items()):
            callers.crowd_around(index)
            time.sleep(0.15)
            callers.until_accepted(index)
            if index % 3 == 2:
                _fail_over(large, large.cluster.of(_record(presented)))
            else:
                source, target = _way(large, presented)
                with large.cluster.moving(_slot(presented), source, target):
                    if index % 3 == 0:
                        ends[key] = large.operator.make("revoke", key=key)
                        time.sleep(0.05)
            if key not in ends:
                ends[key] = large.operator.make("revoke", key=key)
            callers.until_presented(index, ends[key].ended)
        time.sleep(0.3)
    judge.assert_in_use(callers.calls, ends)
    assert judge.accepted_after(callers.calls, ends) == []
    judge.assert_answers(callers.calls, {200, 204, 401})
    known = counting.bounds(callers.calls)
    counted = counting.settled(large.operator, keys, known)
    assert known.wrong(counted) == {}
    times = [done.seconds for done in ends.values()]
    report.note(
        "revoke while servers of a cluster change places",
        revokes=len(ends),
        requests=len(callers.calls),
        accepted_after=0,
        accepted=sum(known.accepted.values()),
        counted=sum(counted.values()),
        p50=report.milliseconds(times, 50),
        p99=report.milliseconds(times, 99),
    )


def test_limit_is_exact_again_when_a_bucket_has_moved(large: Large) -> None:
    (presented,) = large.operator.keys(1, project=large.project, rate_limit=LIMIT).values()
    before = _accepted(large, presented, LIMIT // 2, at_most=LIMIT // 2)
    source, target = _way(large, presented)
    with large.cluster.moving(_slot(presented), source, target):
        pass
    assert large.cluster.of(_record(presented)) is target
    assert before + _accepted(large, presented, LIMIT) == LIMIT


def test_successor_begins_with_what_is_left_of_the_minute(large: Large) -> None:
    """Whichever server it is on: with so many pairs, some are on two."""
    keys = large.operator.keys(12, project=large.project, rate_limit=LIMIT)
    apart = 0
    for key, presented in keys.items():
        before = _accepted(large, presented, LIMIT // 2, at_most=LIMIT // 2)
        successor = large.operator.make("rotate", key=key).result
        apart += large.cluster.of(_record(presented)) is not large.cluster.of(_record(successor))
        assert before + _accepted(large, successor, LIMIT) == LIMIT
    assert apart


def test_server_that_is_killed_is_replaced(large: Large, tmp_path: Path) -> None:
    """Nobody is refused for it; and what its replica did not learn any more holds within seconds."""
    keys = large.operator.keys(4, project=large.project)
    (ended, presented), *_ = list(keys.items())
    good = {key: each for key, each in keys.items() if key != ended}
    killed = large.cluster.of(_record(presented))
    large.cluster.replica_of(killed)
    with calling(
        tmp_path, large.site.ports, keys, processes=1, threads=sizes.size(4, 16), pause=0.03, routes=(GATE, VERIFY)
    ) as callers:
        time.sleep(0.4)
        began = time.monotonic_ns()
        killed.process.kill()
        done = large.operator.make("revoke", key=ended)
        _wait_for_another(large, _record(presented), killed)
        took = (time.monotonic_ns() - began) / judge.SECOND
        time.sleep(sizes.size(1.0, WITHIN))
    _wait_for_fresh_records(large, large.cluster.of(_record(presented)))
    killed.start()
    late = [call for call in callers.calls if call.accepted and call.key == ended and call.began > done.ended]
    assert judge.accepted_after(callers.calls, {ended: done}, WITHIN) == []
    judge.assert_answers(callers.calls, {200, 204, 401})
    assert all(call.accepted for call in callers.calls if call.key in good)
    ask.seconds_until_refused(large.site, [presented], within=WITHIN)
    known = counting.bounds(callers.calls, [counting.around(began, took)])
    counted = counting.settled(large.operator, keys, known)
    lost = sum(max(0, known.accepted[key] - counted[key]) for key in keys)
    report.note(
        "a server of a cluster is killed",
        replaced_in=took,
        requests=len(callers.calls),
        accepted_after_the_revoke=len(late),
        counts_that_the_replica_had_not=lost,
    )


def test_installation_says_that_it_is_ready(large: Large) -> None:
    answer = large.site.webs[0].server.call("/readyz")
    assert (answer.status, answer.json()["redis"]) == (200, "ok")


def _accepted(large: Large, presented: str, number: int, at_most: int = 1000) -> int:
    """Of so many requests to each process, and not more than `at_most` in all."""
    servers = [web.server for web in large.site.webs for _ in range(number)][:at_most]
    return sum(server.call("/v1/verify", key=presented, method="POST").status == 200 for server in servers)


def _record(presented: str) -> str:
    return names.record(secret.digest(presented))


def _slot(presented: str) -> int:
    return key_slot(_record(presented).encode())


def _way(large: Large, presented: str) -> tuple[Node, Node]:
    """The server that has a key, and another one."""
    source = large.cluster.of(_record(presented))
    return source, next(node for node in large.cluster.primaries() if node is not source)


def _fail_over(large: Large, primary: Node) -> None:
    """In good order: the replica has all, and clients wait meanwhile."""
    replica = large.cluster.replica_of(primary)
    replica.ask("CLUSTER", "FAILOVER")
    until = time.monotonic() + FAILS_OVER_WITHIN
    while primary.is_primary() or not replica.is_primary():
        assert time.monotonic() < until
        time.sleep(0.01)
    _wait_for_fresh_records(large, replica)


def _wait_for_fresh_records(large: Large, node: Node) -> None:
    """What a replica held when it took over is not believed for long: the worker has marked what came after."""
    until = time.monotonic() + WITHIN
    while not any(_run_id(node) in node.ask("GET", name) for name in node.ask("KEYS", "bk:*:r")):
        assert time.monotonic() < until
        time.sleep(0.05)


def _run_id(node: Node) -> bytes:
    said: bytes = node.ask("INFO", "server")["run_id"].encode()
    return said


def _wait_for_another(large: Large, name: str, killed: Node) -> None:
    until = time.monotonic() + FAILS_OVER_WITHIN
    while True:
        try:
            if large.cluster.of(name) is not killed:
                return
        except StopIteration:
            pass
        assert time.monotonic() < until
        time.sleep(0.05)
