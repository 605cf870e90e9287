"""What the worker does again and again. Apps that it cannot import, as they are above it, say here what they need."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Tick(Protocol):
    __module__: str
    __qualname__: str

    def __call__(self, now: datetime, /) -> object: ...


_ticks: list[tuple[int, Tick]] = []


def every(seconds: int, tick: Tick) -> None:
    """Has the worker call `tick(now)` every `seconds` seconds, from its first second on."""
    if (seconds, tick) not in _ticks:
        _ticks.append((seconds, tick))


def due(second: int) -> list[Tick]:
    """What is to be called in this second of the worker's life."""
    return [tick for seconds, tick in _ticks if second % seconds == 0]
