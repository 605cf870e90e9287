"""The worker: sends what is queued, brings counts into the database, records expired keys."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone

from apps.core import clock
from apps.gate import gate
from apps.keys.service import record_expired, tell_changes
from apps.usage import rollup
from apps.usage.service import forget_batches, settle

log = logging.getLogger(__name__)

TICK = 1.0
EXPIRY_TICKS = 10
FLUSH = 1.0
CLEANING = 3600.0
RETRY = 2.0


class Command(BaseCommand):
    help = "Run the worker: queued e-mails, usage counts, expired keys. Any number may run side by side."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--flush-every", type=float, default=FLUSH, metavar="SECONDS",
            help="How often counts are brought into the database: 1 by default (see docs/scaling.md).",
        )  # fmt: skip

    def handle(self, *args: Any, flush_every: float, **options: Any) -> None:
        gate.current()  # made before there are threads
        stop = Event()
        # What may take long is kept apart from the clock, whose ticks assert changes again within seconds.
        threads = [
            Thread(target=_tick_until, args=[stop], name="clock"),
            Thread(target=_repeat, args=[stop, max(flush_every, 0.1), _flush], name="flush"),
            Thread(target=_repeat, args=[stop, CLEANING, _clean], name="cleaning"),
        ]
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
            # The next tick tries again: a clock that has stopped would leave keys without their end.
            log.exception("A tick of the worker failed.")
        _tick_above(ticks)
        ticks += 1


def _tick_above(number: int) -> None:
    """What other apps have asked for; that one fails, or Redis is away, holds up none of the others."""
    for tick in clock.due(number):
        try:
            tick(timezone.now())
        except Exception:
            log.exception("%s.%s failed, and is tried again.", tick.__module__, tick.__qualname__)


def _tick(number: int) -> None:
    now = timezone.now()
    tell_changes(now)
    if number % EXPIRY_TICKS == 0:
        record_expired(now=now)


def _repeat(stop: Event, seconds: float, work: Callable[[Event], None]) -> None:
    """Works at once and then every so many seconds. What failed or was cut short is gone on with the next time."""
    while not stop.is_set():
        try:
            close_old_connections()
            work(stop)
        except Exception:
            log.exception("The worker failed at something that it tries again in %s seconds.", seconds)
        stop.wait(seconds)


def _flush(_: Event) -> None:
    settle()


def _clean(stop: Event) -> None:
    now = timezone.now()
    forget_batches(now)
    gate.forget_idle()
    for _ in rollup.age(now):
        if stop.is_set():
            return
    call_command("clearsessions", verbosity=0)
    call_command("prune_db_task_results", verbosity=0)
