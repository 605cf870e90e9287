"""What needs Redis is collected in the profile that has it."""

import pytest
import redis
from django.conf import settings

collect_ignore = (
    []
    if settings.REDIS_URL
    else [
        *("test_batched.py", "test_changes.py", "test_counts.py", "test_encrypted.py"),
        *("test_poisoned.py", "test_shared.py", "test_wire.py"),
    ]
)


@pytest.fixture
def client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)
