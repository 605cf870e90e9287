"""Connections to PostgreSQL that give up, where somebody waits at the other end."""

from __future__ import annotations

from typing import Any, ClassVar

import psycopg
from psycopg.errors import _WaitTimeout

PATIENCE = 5.0
"""Seconds that a web process waits for one answer. Nothing that it asks takes as long, unless the server hangs."""


class Connection(psycopg.Connection[Any]):
    """A server that hangs says nothing, and TCP alone would wait for hours: after `patience` seconds it counts as gone.

    Commands of operators and the worker have no such limit: a migration may take its time.
    """

    patience: ClassVar[float | None] = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except _WaitTimeout:
            if timeout is None:
                self.pgconn.finish()  # an answer that came late would be taken for that to the next question
            raise


def give_up_on_silence() -> None:
    """For web processes: what waits longer than `PATIENCE` gets an `OperationalError`."""
    Connection.patience = PATIENCE
