"""Redis behind TLS: what holds for every other, holds for this one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Timer

import pytest
from django.conf import LazySettings

from apps.core import secret
from apps.gate import gate, names
from apps.projects.models import Project
from tests import make
from tests.faults.stores import EncryptedRedis
from tests.gate.tiers import LEADS

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EncryptedRedis]:
    with EncryptedRedis(tmp_path_factory.mktemp("encrypted")) as started:
        yield started


@pytest.fixture(autouse=True)
def _encrypted(server: EncryptedRedis, settings: LazySettings) -> None:
    settings.REDIS_URL = server.url
    gate.current.cache_clear()
    server.flush()


def test_keys_are_verified_and_counted_there(project: Project, server: EncryptedRedis) -> None:
    made = make.new_key(project, rate_limit=2)
    assert [gate.verify(made.secret, LEADS).code for _ in range(3)] == ["ok", "ok", "rate_limited"]
    with server.client() as client:
        counted = client.hvals(names.usage(names.bucket_of(secret.digest(made.secret))))
    assert sorted(counted) == [b"1", b"2"]


def test_it_is_not_waited_for_when_it_hangs(project: Project, server: EncryptedRedis) -> None:
    made = make.new_key(project)
    assert all(gate.verify(made.secret, LEADS) for _ in range(2))
    until_all_is_lost = Timer(4, server.process.resume)
    server.process.pause()
    until_all_is_lost.start()
    began = time.monotonic()
    try:
        assert gate.verify(made.secret, LEADS)  # by the database
        assert time.monotonic() - began < 1
    finally:
        until_all_is_lost.cancel()
        server.process.resume()


def test_connection_that_died_is_replaced(project: Project, server: EncryptedRedis) -> None:
    made = make.new_key(project, rate_limit=2)
    codes = []
    for _ in range(3):
        codes.append(gate.verify(made.secret, LEADS).code)
        with server.client() as client:
            client.client_kill_filter(_type="normal", skipme=True)
    assert codes == ["ok", "ok", "rate_limited"]
