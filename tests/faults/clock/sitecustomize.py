"""Sets the clock of a process wrong by BOLTKEYS_CLOCK seconds; Python imports this before all else."""

import datetime as dt
import os
import time
from typing import Any

WRONG_BY = float(os.environ.get("BOLTKEYS_CLOCK", "0"))

_seconds, _nanoseconds = time.time, time.time_ns
_datetime: Any = dt.datetime


class _Kind(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _datetime)


class _Shifted(_datetime, metaclass=_Kind):  # type: ignore[misc]
    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return _datetime.now(tz) + dt.timedelta(seconds=WRONG_BY)

    @classmethod
    def utcnow(cls) -> Any:
        return _datetime.now(dt.UTC).replace(tzinfo=None) + dt.timedelta(seconds=WRONG_BY)


if WRONG_BY:
    time.time = lambda: _seconds() + WRONG_BY
    time.time_ns = lambda: _nanoseconds() + round(WRONG_BY * 1e9)
    dt.datetime = _Shifted  # type: ignore[misc]
