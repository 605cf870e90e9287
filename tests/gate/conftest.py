"""What needs Redis is collected in the profile that has it."""

from django.conf import settings

collect_ignore = [] if settings.REDIS_URL else ["test_shared.py", "test_wire.py", "test_batched.py"]
