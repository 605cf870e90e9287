"""The threads that send. Each endpoint gets a few of them only, so that one that hangs holds up no other."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable
from functools import cache
from threading import Condition, Thread

from django.db import connections

from apps.webhooks import delivering

log = logging.getLogger(__name__)

THREADS = 32
PER_ENDPOINT = 2
WAITING_MAX = 50
"""Deliveries of one endpoint that wait here; the others wait in the database."""


class Sender:
    """Sends what it is offered. Its threads start when there is something to do, and end with the process."""

    def __init__(self, send: Callable[[str], object]) -> None:
        self._send = send
        self._changed = Condition()
        self._waiting: dict[str, deque[str]] = {}
        self._busy: Counter[str] = Counter()
        self._known: set[str] = set()
        self._threads = 0
        self._idle = 0

    def offer(self, endpoint_id: str, delivery_id: str) -> bool:
        """Whether it will be sent from here: not when the endpoint has enough waiting."""
        with self._changed:
            if delivery_id in self._known:
                return True
            waiting = self._waiting.setdefault(endpoint_id, deque())
            if len(waiting) >= WAITING_MAX:
                return False
            waiting.append(delivery_id)
            self._known.add(delivery_id)
            self._wake()
        return True

    def full(self) -> list[str]:
        """The endpoints that have enough waiting."""
        with self._changed:
            return [each for each, waiting in self._waiting.items() if len(waiting) >= WAITING_MAX]

    def _wake(self) -> None:
        if not self._idle and self._threads < THREADS:
            self._threads += 1
            Thread(target=self._run, daemon=True, name=f"webhooks-{self._threads}").start()
        self._changed.notify()

    def _run(self) -> None:
        while True:
            endpoint_id, delivery_id = self._take()
            try:
                self._send(delivery_id)
            except Exception:
                # Its row is as it was, or claimed for some seconds: it will be found again.
                log.exception("The delivery %s could not be handled.", delivery_id)
            finally:
                connections.close_all()
                self._done(endpoint_id, delivery_id)

    def _take(self) -> tuple[str, str]:
        with self._changed:
            while (endpoint_id := self._next()) is None:
                self._idle += 1
                self._changed.wait()
                self._idle -= 1
            waiting = self._waiting.pop(endpoint_id)
            delivery_id = waiting.popleft()
            if waiting:
                self._waiting[endpoint_id] = waiting  # at the end: the endpoints take turns
            self._busy[endpoint_id] += 1
            if self._next():
                self._wake()  # several were offered before the first thread came
            return endpoint_id, delivery_id

    def _next(self) -> str | None:
        return next((each for each in self._waiting if self._waiting[each] and self._busy[each] < PER_ENDPOINT), None)

    def _done(self, endpoint_id: str, delivery_id: str) -> None:
        with self._changed:
            self._known.discard(delivery_id)
            self._busy[endpoint_id] -= 1
            if not self._busy[endpoint_id]:
                del self._busy[endpoint_id]
            self._changed.notify()


@cache
def shared() -> Sender:
    """The one of this process."""
    return Sender(lambda delivery_id: delivering.attempt(delivery_id, release=connections.close_all))
