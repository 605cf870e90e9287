"""The reader's time zone, and what the reader of a page has to be told whatever the page is."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.dashboard import times
from apps.gate import gate

COOKIE = "tz"


class ReaderTimeZone:
    """Shows times in the zone that the browser has written into the cookie `tz`; anything else is UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = times.zone(request.COOKIES.get(COOKIE, ""))
        with timezone.override(zone or "UTC"):
            return self.get_response(request)


class LateChanges:
    """Says of a change that Redis could not be told of when it holds: the page itself believes that it does."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        gate.holds_later()  # of another request in this thread, which ended before it could say so
        response = self.get_response(request)
        if gate.holds_later():
            messages.warning(request, gate.LATE)
        return response
