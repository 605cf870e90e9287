"""One installation for most tests, with a Redis of its own; in the embedded profile, one process and SQLite."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults import changes, sizes
from tests.faults import site as sites
from tests.faults.changes import Changes
from tests.faults.site import Site
from tests.faults.stores import RedisServer

FULL = bool(os.environ.get("REDIS_URL"))

NEEDS_STORES = ["test_mix_ups.py", "test_poison.py", "test_revocation_under_faults.py", "test_snapshots.py"]
collect_ignore = [] if FULL else NEEDS_STORES


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    if not FULL:
        with sites.running(folder, webs=1) as started:
            yield started
        return
    with (
        RedisServer(tmp_path_factory.mktemp("redis")) as redis,
        sites.running(folder, webs=sizes.WEBS, database_url=os.environ["DATABASE_URL"], redis_url=redis.url) as started,
    ):
        started.redis_server = redis
        yield started


@pytest.fixture(scope="session")
def operator(site: Site) -> Iterator[Changes]:
    with changes.changing(site) as operator:
        yield operator


@pytest.fixture(scope="session")
def project(operator: Changes) -> str:
    """The slug of a project in which keys read leads."""
    slug: str = operator.make("project").result
    return slug
