"""Sessions in the database, looked up by nothing but what can be a session's key. They end when nobody uses them
(`SESSION_COOKIE_AGE`), and in any case some days after they began (`SESSION_LIFETIME`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone

RENEWED_EVERY = timedelta(minutes=5)
"""A session in use is written no more often than this: so much earlier may it end."""

_KEY = re.compile(r"[0-9a-z]{32}", re.ASCII)
_BEGAN = "_began"


class SessionStore(DatabaseStore):
    """A cookie can hold anything, a NUL among it, with which PostgreSQL would fail."""

    _ends_at: datetime | None = None

    def is_to_be_renewed(self, now: datetime) -> bool:
        """Whether using it now lets it end later. Then it is to be saved."""
        if self._ends_at is None:
            return False
        idle = timedelta(seconds=self.get_expiry_age())
        return min(now + idle, self._last(now)) - self._ends_at > RENEWED_EVERY

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        now = timezone.now()
        data.setdefault(_BEGAN, int(now.timestamp()))
        row = super().create_model_instance(data)
        row.expire_date = min(row.expire_date, self._last(now))
        return row

    def _last(self, now: datetime) -> datetime:
        """When it ends however much it is used."""
        began = datetime.fromtimestamp(self.get(_BEGAN, now.timestamp()), UTC)
        return began + timedelta(seconds=settings.SESSION_LIFETIME)

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        row: AbstractBaseSession | None = super()._get_session_from_db()  # type: ignore[misc]
        self._ends_at = row.expire_date if row else None
        return row

    def _validate_session_key(self, key: Any) -> bool:
        return isinstance(key, str) and _KEY.fullmatch(key) is not None
