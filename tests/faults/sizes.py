"""How much is asked of a test: little within `make test`, all of it by `make test-faults`."""

from __future__ import annotations

import os
from typing import TypeVar

WHOLE = os.environ.get("FAULTS") == "whole"

T = TypeVar("T")


def size(short: T, whole: T) -> T:
    return whole if WHOLE else short


STORES = os.environ.get("FAULTS_STORES", "")
"""`cluster`: Redis is a cluster of three. `pgbouncer`: PostgreSQL is behind PgBouncer. Else it is one server each."""

WEBS = size(2, 4)
PROCESSES = size(2, 4)
THREADS = size(4, 8)
PAUSE = size(0.0, 0.1)
"""Seconds of a caller after each request: many callers ask without using up the machine, which all share."""
