"""Whether Redis is worth asking: of a cluster, the server that has what is asked about."""

from __future__ import annotations

import logging
import time

from apps.gate.names import BUCKETS
from apps.gate.nodes import Nodes

log = logging.getLogger(__name__)

PAUSE = 0.5
"""Seconds without a call to a server after it has failed."""


class Health:
    """Of the servers behind `nodes`, as the requests of this process have found them."""

    def __init__(self, *nodes: Nodes) -> None:
        self._nodes = nodes
        self._retry_at = [0.0] * BUCKETS

    def is_up(self, bucket: int) -> bool:
        return time.monotonic() >= self._retry_at[bucket]

    def note_failure(self, error: Exception, bucket: int) -> None:
        """The server that has the bucket has not answered. Who has what is asked anew."""
        log.warning("Redis does not answer: %s", error)
        retry_at = time.monotonic() + PAUSE
        for other in self._nodes[0].beside(bucket):
            self._retry_at[other] = retry_at
        for nodes in self._nodes:
            nodes.forget()
