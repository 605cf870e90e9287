"""Whether Redis is worth asking: of a cluster, the server that has what is asked about."""

from __future__ import annotations

import logging
import time

from apps.gate.nodes import Nodes

log = logging.getLogger(__name__)

PAUSE = 0.5
"""Seconds without a call to a server after it has failed."""


class Health:
    """Of the servers behind `nodes`, as the requests of this process have found them.

    After a pause one request tries whether a server is there again; the others go on without it meanwhile.
    """

    def __init__(self, *nodes: Nodes) -> None:
        self._nodes = nodes
        self._retry_at: dict[int, float] = {}  # by bucket; none of a server that answers

    def is_up(self, bucket: int) -> bool:
        if bucket not in self._retry_at:
            return True
        now = time.monotonic()
        if now < self._retry_at.get(bucket, 0.0):
            return False
        self._pause(bucket, now)
        return True

    def note_answer(self, bucket: int) -> None:
        """The server that has the bucket has answered."""
        if bucket in self._retry_at:
            for other in self._nodes[0].beside(bucket):
                self._retry_at.pop(other, None)

    def note_failure(self, error: Exception, bucket: int) -> None:
        """The server that has the bucket has not answered. Who has what is asked anew."""
        log.warning("Redis does not answer: %s", error)
        self._pause(bucket, time.monotonic())
        for nodes in self._nodes:
            nodes.forget()

    def _pause(self, bucket: int, now: float) -> None:
        for other in self._nodes[0].beside(bucket):
            self._retry_at[other] = now + PAUSE
