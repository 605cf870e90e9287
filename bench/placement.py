"""Who runs on which core. In a virtual machine, waking another core costs more than a round trip on the same one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
WORKER = CORES[0] if CORES else 0
"""The process that is measured, and unless said otherwise PostgreSQL and Redis: a request then takes what it costs."""

GENERATOR = CORES[1] if len(CORES) > 1 else WORKER


@contextmanager
def on(core: int) -> Iterator[None]:
    """What is started inside runs on `core`, where the system can say so."""
    if not CORES:
        yield
        return
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, set(CORES))


def move(process: int, core: int) -> None:
    """Moves a process with its threads and children, and all that they will start."""
    if not CORES:
        return
    for task in Path(f"/proc/{process}/task").iterdir():
        with suppress(OSError):  # it has just ended
            os.sched_setaffinity(int(task.name), {core})
            for child in (task / "children").read_text().split():
                move(int(child), core)
