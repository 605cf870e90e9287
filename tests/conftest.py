"""The people of the tests: alice is administrator, bob member, carol partner, mallory an outsider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import LazySettings, settings
from django.db import connection
from playwright.sync_api import Browser

from apps.accounts.models import User
from apps.gate import gate
from apps.projects.models import Project
from tests import chromium, make


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file, as in production: in memory, threads find tables locked and do not wait for each other."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


# What only one of the profiles has is collected there: squawk reads the SQL of PostgreSQL, and `make run` is tried as
# it comes, without Redis. Proxies see nothing of the stores: they are tried in front of the larger installation.
collect_ignore = ["tools/test_run.py"] if settings.REDIS_URL else ["test_migrations.py", "deploy"]


@pytest.fixture(autouse=True)
def _fresh_gate() -> Iterator[None]:
    """Each test has a gate without memory, and a Redis without keys of the test before."""
    gate.current.cache_clear()
    make.flush_redis()
    yield
    gate.current.cache_clear()


@pytest.fixture(autouse=True)
def _plain_static_files(settings: LazySettings) -> None:
    """Pages are rendered without `collectstatic`; the tests of a real server have run it."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium.running() as started:
        yield started


@pytest.fixture
def alice(db: None) -> User:
    return make.user("alice@example.com")


@pytest.fixture
def bob(db: None) -> User:
    return make.user("bob@example.com")


@pytest.fixture
def carol(db: None) -> User:
    return make.user("carol@example.com")


@pytest.fixture
def mallory(db: None) -> User:
    """An outsider here, and administrator of a project of her own."""
    outsider = make.user("mallory@example.com")
    make.project("Mallory's", administrator=outsider)
    return outsider


@pytest.fixture
def project(alice: User, bob: User, carol: User) -> Project:
    made = make.project("Acme Calls", administrator=alice)
    make.member(made, bob, "member")
    make.member(made, carol, "partner")
    return made
