"""One installation for the four products. Its operator allows receivers of webhooks on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server import Server, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("products"), WEBHOOK_ALLOWED_HOSTS="127.0.0.1") as started:
        yield started
