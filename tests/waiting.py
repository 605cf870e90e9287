"""Waiting for what happens elsewhere, and for no longer than it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], within: float = 30) -> T:
    """What `look` returns as soon as that is something."""
    until = time.monotonic() + within
    while not (seen := look()):
        assert time.monotonic() < until, f"not within {within:g} s: {seen!r}"
        time.sleep(0.05)
    return seen
