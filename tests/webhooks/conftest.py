from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver(settings: LazySettings) -> Iterator[Receiver]:
    """Its host is one that the operator has allowed: it has a loopback address, as every receiver in a test."""
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    with receiving() as running:
        yield running
