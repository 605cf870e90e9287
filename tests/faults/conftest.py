"""One installation for most tests, with a Redis of its own; in the embedded profile, one process and SQLite."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.faults import changes, sizes
from tests.faults import site as sites
from tests.faults.changes import Changes
from tests.faults.cluster import Cluster
from tests.faults.pgbouncer import PgBouncer
from tests.faults.site import Site
from tests.faults.stores import PostgresServer, RedisServer

FULL = bool(os.environ.get("REDIS_URL"))

NEEDS_STORES = [
    *("test_cluster.py", "test_counts.py", "test_database_down.py", "test_mix_ups.py", "test_pgbouncer.py"),
    *("test_poison.py", "test_redis_down.py", "test_revocation_under_faults.py", "test_rsgi.py", "test_snapshots.py"),
]
collect_ignore = ["test_embedded.py"] if FULL else NEEDS_STORES


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    if not FULL:
        with sites.running(folder, webs=1) as started:
            yield started
        return
    with ExitStack() as stack:
        redis, network, bouncer = RedisServer(tmp_path_factory.mktemp("redis")), None, None
        postgres = request.getfixturevalue("postgres")
        if sizes.STORES == "cluster":
            redis = cluster = Cluster(tmp_path_factory.mktemp("cluster"))
            network = cluster.network
        if sizes.STORES == "pgbouncer":
            bouncer = stack.enter_context(PgBouncer(postgres.home / "pgbouncer", postgres.url))
        stack.enter_context(redis)
        started = stack.enter_context(
            sites.running(
                folder,
                webs=sizes.WEBS,
                database_url=postgres.url,
                redis_url=redis.url,
                bouncer=bouncer,
                network=network,
            )
        )
        started.redis_server, started.database_server = redis, postgres
        yield started


@dataclass(frozen=True)
class Large:
    """An installation that has grown: Redis is a cluster with replicas, and PostgreSQL is behind PgBouncer."""

    site: Site
    cluster: Cluster
    bouncer: PgBouncer
    operator: Changes
    project: str


@pytest.fixture(scope="session")
def large(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Large]:
    folder = tmp_path_factory.mktemp("large")
    with (
        Cluster(tmp_path_factory.mktemp("nodes"), replicas=1) as cluster,
        PgBouncer(postgres.home / "before-large", postgres.url) as bouncer,
        sites.running(
            folder,
            webs=2,
            database_url=postgres.url,
            redis_url=cluster.url,
            bouncer=bouncer,
            network=cluster.network,
        ) as started,
        changes.changing(started) as operator,
    ):
        started.redis_server, started.database_server = cluster, postgres
        project = operator.make("project").result
        yield Large(started, cluster, bouncer, operator, project)


@pytest.fixture(scope="session")
def operator(site: Site) -> Iterator[Changes]:
    with changes.changing(site) as operator:
        yield operator


@pytest.fixture(scope="session")
def project(operator: Changes) -> str:
    """The slug of a project in which keys read leads."""
    slug: str = operator.make("project").result
    (first,) = operator.keys(1, project=slug)
    operator.make("revoke", key=first)  # a process that has just started imports and connects, once
    return slug
