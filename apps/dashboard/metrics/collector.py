"""What Prometheus is told. No label names a key, a project, a person or an address.

What a process counts is its own: `process` is its number, and with several processes a scrape meets one of them. What
comes from the database or Redis is the same whichever process is asked.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from typing import Any

import django
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from apps.core.verify import REFUSALS
from apps.gate import gate
from apps.gate.tally import BOUNDS, TALLY
from apps.webhooks import queries as webhooks

STARTED_AT = time.time()

OWN = ("process",)


class Boltkeys(Collector):
    def describe(self) -> list[Metric]:
        """None: to register this must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield from _process(str(os.getpid()))
        yield from _usage(str(os.getpid()))
        yield from _database(str(os.getpid()))


def _process(pid: str) -> Iterator[Metric]:
    about = {
        "python": platform.python_version(),
        "django": django.get_version(),
        "database": connection.vendor,
        "mode": "shared" if settings.REDIS_URL else "embedded",
    }
    yield InfoMetricFamily("boltkeys_build", "What this installation runs on.", value=about)
    text = "When this process began, in seconds since 1970."
    yield _gauge("boltkeys_process_start_time_seconds", text, STARTED_AT, pid)
    yield _verdicts(pid)
    yield _durations(pid)
    yield _counter("boltkeys_gate_redis_failures", "Times that Redis has failed a request.", TALLY.failures, pid)
    fallbacks = "Requests that were decided without Redis, because it was away: by the database, limited per process."
    yield _counter("boltkeys_gate_fallbacks", fallbacks, TALLY.fallbacks, pid)


def _verdicts(pid: str) -> Metric:
    text = "Verdicts on keys that were presented to this process. Code unavailable: no store could tell."
    verdicts = CounterMetricFamily("boltkeys_gate_verdicts", text, labels=("code", *OWN))
    counted = dict(TALLY.verdicts)
    for code in dict.fromkeys(("ok", *REFUSALS, "unavailable", *sorted(counted))):
        verdicts.add_metric((code, pid), counted.get(code, 0))
    return verdicts


def _durations(pid: str) -> Metric:
    text = "Seconds that a request to this process waited for the verdict on its key, all stores included."
    durations = HistogramMetricFamily("boltkeys_gate_duration_seconds", text, labels=OWN)
    total, buckets = 0, []
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), list(TALLY.durations), strict=True):
        total += count
        buckets.append((bound, total))
    durations.add_metric((pid,), buckets, TALLY.seconds)
    return durations


def _usage(pid: str) -> Iterator[Metric]:
    backlog = gate.backlog()
    text = "Counts in the memory of this process that are not in the database yet: by key, hour, resource and outcome."
    yield _gauge("boltkeys_usage_waiting_local", text, backlog.local, pid)
    if backlog.is_redis_up is None:
        return
    text = "Whether Redis has answered just now (1) or not (0). Without it keys are verified in the database."
    yield _gauge("boltkeys_redis_up", text, int(backlog.is_redis_up), pid)
    if backlog.shared is not None and backlog.batches is not None:
        text = "Counts of all processes in Redis that no worker has set aside yet."
        yield _gauge("boltkeys_usage_waiting_shared", text, backlog.shared)
        text = "Batches of counts in Redis on their way to the database."
        yield _gauge("boltkeys_usage_batches", text, backlog.batches)


def _database(pid: str) -> Iterator[Metric]:
    """Nothing of what is in the database when it does not answer: no number would be true."""
    try:
        queues = [*_webhooks(), *_tasks()]
    except (DatabaseError, InterfaceError):
        queues = []
    text = "Whether the database has answered just now (1) or not (0)."
    yield _gauge("boltkeys_database_up", text, int(bool(queues)), pid)
    yield from queues
    yield from _pool(pid)


def _webhooks() -> Iterator[Metric]:
    waiting = webhooks.waiting(timezone.now())
    text = "Deliveries not made yet, those to be tried later included."
    yield _gauge("boltkeys_webhook_deliveries_pending", text, waiting.pending)
    yield _gauge("boltkeys_webhook_deliveries_due", "Deliveries whose time has come.", waiting.due)
    text = "Seconds that the delivery that is due for longest has been waiting for a worker; 0 when none is due."
    yield _gauge("boltkeys_webhook_oldest_due_seconds", text, waiting.oldest_seconds)


def _tasks() -> Iterator[Metric]:
    ready = DBTaskResult.objects.ready()
    oldest = ready.order_by("run_after", "enqueued_at").values_list("enqueued_at", flat=True).first()
    yield _gauge("boltkeys_tasks_ready", "Tasks, such as mails, that wait for a worker.", ready.count())
    age = max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0
    yield _gauge("boltkeys_tasks_oldest_seconds", "Seconds since the next task was queued; 0 when there is none.", age)


_POOL = {
    "pool_size": "Connections to PostgreSQL that this process has.",
    "pool_available": "Connections to PostgreSQL that are free in this process.",
    "requests_waiting": "Threads of this process that wait for a connection.",
}


def _pool(pid: str) -> Iterator[Metric]:
    pool: Any = getattr(connection, "pool", None)
    if pool is None:
        return
    stats = pool.get_stats()
    for name, text in _POOL.items():
        yield _gauge(f"boltkeys_database_{name.replace('requests', 'pool')}", text, stats.get(name, 0), pid)


def _gauge(name: str, text: str, value: float, pid: str | None = None) -> Metric:
    gauge = GaugeMetricFamily(name, text, labels=OWN if pid else ())
    gauge.add_metric((pid,) if pid else (), value)
    return gauge


def _counter(name: str, text: str, value: float, pid: str) -> Metric:
    counter = CounterMetricFamily(name, text, labels=OWN)
    counter.add_metric((pid,), value)
    return counter
