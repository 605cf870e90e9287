"""A Redis that comes back with an older memory revives nothing for longer than seconds."""

from __future__ import annotations

import time
from pathlib import Path

from tests.faults import ask, report, sizes
from tests.faults.changes import Changes
from tests.faults.site import Site
from tests.faults.stores import RedisServer

WITHIN = 5.0
AGE = sizes.size(0, 65)
"""Seconds between the revoke and the return of what was before it: longer than changes are asserted again."""


def test_older_snapshot_revives_no_key(site: Site, operator: Changes, project: str) -> None:
    keys, redis = operator.keys(3, project=project), _redis(site)
    assert all(_is_accepted_everywhere(site, secret) for secret in keys.values())
    snapshot = redis.snapshot()
    _revoke(operator, keys)
    assert not any(ask.accepted(site, secret) for secret in keys.values())
    time.sleep(AGE)
    redis.restore(snapshot)
    assert _holds_records(redis)
    took = ask.seconds_until_refused(site, keys.values(), within=WITHIN)
    report.note("older snapshot", revokes=len(keys), seconds_until_refused=took)


def test_stale_replica_revives_no_key(site: Site, operator: Changes, project: str, tmp_path: Path) -> None:
    """It was cut off from the primary before the revoke, and takes its place after it."""
    keys, redis = operator.keys(3, project=project), _redis(site)
    assert all(_is_accepted_everywhere(site, secret) for secret in keys.values())
    replica = RedisServer(tmp_path / "replica", "--replicaof", "127.0.0.1", str(redis.port))
    with replica, replica.client() as client, redis.client() as primary:
        until = time.monotonic() + 10
        while not (client.info("replication")["master_link_status"] == "up" and primary.wait(1, 1000)):
            assert time.monotonic() < until
        client.execute_command("REPLICAOF", "NO", "ONE")
        _revoke(operator, keys)
        assert not any(ask.accepted(site, secret) for secret in keys.values())
        time.sleep(AGE)
        _switch(site, replica)
        try:
            took = ask.seconds_until_refused(site, keys.values(), within=WITHIN)
        finally:
            _switch(site, redis)
    report.note("stale replica", revokes=len(keys), seconds_until_refused=took)


def _is_accepted_everywhere(site: Site, secret: str) -> bool:
    return all(answer.status == 200 for answer in ask.verify(site, secret))


def _holds_records(redis: RedisServer) -> bool:
    with redis.client() as client:
        return int(client.dbsize()) > 0


def _revoke(operator: Changes, keys: dict[str, str]) -> None:
    for key in keys:
        operator.make("revoke", key=key)


def _switch(site: Site, redis: RedisServer) -> None:
    """All that is sent to Redis goes to this one from now on."""
    assert site.redis is not None
    site.redis.upstream = ("127.0.0.1", redis.port)
    site.redis.cut()


def _redis(site: Site) -> RedisServer:
    assert site.redis_server is not None
    return site.redis_server
