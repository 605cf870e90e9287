"""The time machine of the demo, so that what happens in it happened on a day of the last month."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest import mock


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Services that are called inside take `moment` for the present: times of rows and of audit events agree.

    For a process with one thread that serves nobody, as a command is.
    """
    with mock.patch("django.utils.timezone.now", return_value=moment):
        yield


def day(now: datetime, ago: float, what: str) -> datetime:
    """A moment in the office hours of the day that was `ago` days before `now` (is to come, if negative)."""
    chosen = chance(what)
    moment = now - timedelta(days=ago)
    return moment.replace(hour=chosen.choice((8, 9, 10, 11, 13, 14, 15, 16)), minute=chosen.randrange(60), second=12)


def chance(what: str) -> random.Random:
    """The same choices for the same `what`, every time: the demo is not secret, and looks alike everywhere."""
    return random.Random(f"northwind {what}")  # noqa: S311  # nosec B311
