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
from apps.usage import rollup
from apps.usage.service import forget_batches, settle

log = logging.getLogger(__name__)

TICK = 1.0
EXPIRY_TICKS = 10
CLEANING = 3600.0
RETRY = 2.0


class Command(BaseCommand):
    help = "Run the worker: queued e-mails, usage counts, expired keys. Any number may run side by side."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        # What takes long is kept apart from the clock, whose ticks assert changes again within seconds.
        threads = [Thread(target=run, args=[stop], name=run.__name__) for run in (_tick_until, _clean_until)]
        for thread in threads:
            thread.start()
        try:
            _work()
        finally:
            stop.set()
            for thread in threads:
                thread.join()


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
    for tick in clock.due(number):
        tick(now)


def _clean_until(stop: Event) -> None:
    """Cleans at the start and every hour. What was cut short is gone on with the next time."""
    while not stop.is_set():
        try:
            close_old_connections()
            _clean(stop)
        except Exception:
            log.exception("The hourly cleaning of the worker failed.")
        stop.wait(CLEANING)


def _clean(stop: Event) -> None:
    now = timezone.now()
    forget_batches(now)
    for _ in rollup.age(now):
        if stop.is_set():
            return
    call_command("clearsessions", verbosity=0)
    call_command("prune_db_task_results", verbosity=0)
