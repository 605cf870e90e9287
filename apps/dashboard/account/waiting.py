"""How long somebody has to wait whom a limit of allauth has stopped."""

from __future__ import annotations

import math
import time

from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.http import HttpRequest

APP = "allauth.account"


def seconds_left(request: HttpRequest, *, action: str, key: str | None = None) -> int:
    """Whole seconds, at least 1, until none of the rates of `action` stands in the way any more."""
    now = time.time()
    return max(1, *(math.ceil(_left(request, action, key, rate, now)) for rate in _rates(action)))


def spoken(seconds: int) -> str:
    """`40 seconds`, `5 minutes`: rounded up, so that waiting that long is enough."""
    if seconds < 60:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    minutes = math.ceil(seconds / 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def _rates(action: str) -> list[ratelimit.Rate]:
    return list(ratelimit.get_rates(app=APP, action=action))


def _left(request: HttpRequest, action: str, key: str | None, rate: ratelimit.Rate, now: float) -> float:
    """allauth keeps the times of the attempts that count, the newest first."""
    name = ratelimit.get_cache_key(request, app=APP, action=action, rate=rate, key=key)
    times = [at for at in cache.get(name, []) if at > now - rate.duration]
    return times[rate.amount - 1] + rate.duration - now if len(times) >= rate.amount else 0.0
