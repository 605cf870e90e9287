"""Leaves a source alone that has just failed: whoever wants it is told so at once, and keeps no thread waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from apps.core.errors import Unavailable

PAUSE = 0.5
"""Seconds between two tries while it fails."""


class Breaker:
    """After a failure one caller at a time tries whether it answers again; the others are refused meanwhile."""

    def __init__(self, message: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._message, self._clock = message, clock
        self._lock = Lock()
        self._failing = self._being_tried = False
        self._retry_at = 0.0

    @contextmanager
    def asking(self, *failures: type[Exception]) -> Iterator[None]:
        """Surrounds a question to the source. Raises `Unavailable` in place of `failures`, or without having asked."""
        tries = self._failing and self._take_turn()
        try:
            yield
        except failures as error:
            self._failing, self._retry_at = True, self._clock() + PAUSE
            raise Unavailable(self._message) from error
        else:
            self._failing = False
        finally:
            if tries:
                self._being_tried = False

    def _take_turn(self) -> bool:
        with self._lock:
            if self._being_tried or self._clock() < self._retry_at:
                raise Unavailable(self._message)
            self._being_tried = True
            return True
