"""The thread that brings counts from the memory of a web process into the database, every second and at exit."""

from __future__ import annotations

import atexit
import logging
from multiprocessing import util
from threading import Event, Thread

from django.db import close_old_connections, connection

from apps.core.errors import Unavailable
from apps.gate import gate
from apps.usage import service

log = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds. What a crash of the embedded profile can lose."""


class Flusher:
    """`start` once per web process, after it has been forked."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._stop = Event()
        self._thread = Thread(target=self._run, name="usage-flusher", daemon=True)

    def start(self) -> None:
        gate.current()  # made before there are threads: two that make one at the same time would have two
        self._thread.start()
        atexit.register(self.stop)
        # Web servers fork their workers by multiprocessing, which runs no `atexit` in them before Python 3.13.
        util.Finalize(None, self.stop, exitpriority=1)

    def stop(self) -> None:
        """Flushes once more and ends the thread."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            self._flush()
        self._flush()
        connection.close()

    def _flush(self) -> None:
        try:
            close_old_connections()
            service.settle_local()
        except Unavailable:
            log.warning("Counts wait for the database.")
        except Exception:
            # The counts stay in memory and are tried again: a flusher that has died would lose them all.
            log.exception("Counts could not be stored; they are tried again.")
