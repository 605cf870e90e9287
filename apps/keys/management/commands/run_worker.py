"""The worker: sends what is queued, brings counts into the database, records expired keys."""

from __future__ import annotations

import logging
import time
from threading import Event, Thread
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone

from apps.core import clock
from apps.gate import gate
from apps.keys.service import assert_recent_changes, record_expired
from apps.usage.service import forget_batches, settle

log = logging.getLogger(__name__)

TICK = 1.0
EXPIRY_TICKS = 10
CLEANING_TICKS = 3600
RETRY = 2.0


class Command(BaseCommand):
    help = "Run the worker: queued e-mails, usage counts, expired keys. Any number may run side by side."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        clock = Thread(target=_tick_until, args=[stop], name="clock")
        clock.start()
        try:
            _work()
        finally:
            stop.set()
            clock.join()


def _work() -> None:
    """Runs queued tasks until a signal ends the process. A database that is away is waited for."""
    while True:
        try:
            call_command("db_worker", queue_name="*", interval=1.0, reload=False, startup_delay=False, verbosity=0)
        except (DatabaseError, InterfaceError) as error:
            log.warning("The worker waits for the database: %s", error)
            time.sleep(RETRY)


def _tick_until(stop: Event) -> None:
    ticks = 0
    while not stop.wait(TICK):
        try:
            close_old_connections()
            _tick(ticks)
        except Exception:
            # The next tick tries again: a clock that has stopped would lose counts without a word.
            log.exception("A tick of the worker failed.")
        ticks += 1


def _tick(number: int) -> None:
    now = timezone.now()
    gate.forget_after_restart()
    assert_recent_changes(now=now)
    settle()
    if number % EXPIRY_TICKS == 0:
        record_expired(now=now)
    if number % CLEANING_TICKS == 0:
        forget_batches(now)
        call_command("clearsessions", verbosity=0)
        call_command("prune_db_task_results", verbosity=0)
    for tick in clock.due(number):
        tick(now)
