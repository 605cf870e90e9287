"""Sessions in the database, looked up by nothing but what can be a session's key."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

_KEY = re.compile(r"[0-9a-z]{32}", re.ASCII)


class SessionStore(DatabaseStore):
    """A cookie can hold anything, a NUL among it, with which PostgreSQL would fail."""

    def _validate_session_key(self, key: Any) -> bool:
        return isinstance(key, str) and _KEY.fullmatch(key) is not None
