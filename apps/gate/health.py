"""Whether Redis is worth asking."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

PAUSE = 0.5
"""Seconds without a call to Redis after it has failed."""


class Health:
    """Shared by all that ask the same Redis. `on_failure` is called with each failure."""

    def __init__(self, on_failure: Callable[[], None]) -> None:
        self._on_failure = on_failure
        self._retry_at = 0.0

    def is_up(self) -> bool:
        return time.monotonic() >= self._retry_at

    def note_failure(self, error: Exception) -> None:
        log.warning("Redis does not answer: %s", error)
        self._retry_at = time.monotonic() + PAUSE
        self._on_failure()
