"""Programs that others wrote look at the documents, which are the same in both profiles: they run in one of them."""

from django.conf import settings

collect_ignore = ["test_clients.py", "test_linters.py", "test_schemathesis.py"] if settings.REDIS_URL else []
