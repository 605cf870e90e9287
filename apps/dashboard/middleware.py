"""The reader's time zone."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.dashboard import times

COOKIE = "tz"


class ReaderTimeZone:
    """Shows times in the zone that the browser has written into the cookie `tz`; anything else is UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = times.zone(request.COOKIES.get(COOKIE, ""))
        with timezone.override(zone or "UTC"):
            return self.get_response(request)
