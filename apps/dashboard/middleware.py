"""The reader's time zone, and what every page has in common for its reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control

from apps.accounts.sessions import SessionStore
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


class SignedIn:
    """Pages of somebody signed in are kept nowhere (ASVS 14.3.2), and asking for one keeps the session alive."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # As far as somebody has asked: the database may be away, and this is no reason to ask it.
        user = getattr(request, "_cached_user", None)
        if user is not None and user.is_authenticated:
            patch_cache_control(response, no_store=True)
            session = cast(SessionStore, request.session)
            if session.is_to_be_renewed(timezone.now()):
                session.modified = True
        return response
