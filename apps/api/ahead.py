"""A wrapper for WSGI applications that asks Redis about the key of a request before Django starts.

    application = Ahead(get_wsgi_application(), "/v1/")

For views below these prefixes that are guarded by `ApiKeyAuthentication`, which takes the answer when it comes to it.
What the key is asked about is what the view itself will ask. A request that a middleware answers in the view's place
has been counted all the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple
from wsgiref.types import WSGIApplication, WSGIEnvironment

from django.urls import Resolver404, URLResolver, get_resolver, get_urlconf

from apps.api.authentication import AHEAD, ApiKeyAuthentication, question_of
from apps.api.problems import Problem
from apps.gate.ahead import Pending, ask_ahead

ROUTES_KEPT = 1024


class Ahead:
    """Thread-safe, as the application that it wraps."""

    def __init__(self, application: WSGIApplication, *prefixes: str) -> None:
        self._application, self._prefixes = application, prefixes

    def __call__(self, environ: WSGIEnvironment, start_response: Any) -> Any:
        pending = self._ask(environ)
        if pending is None:
            return self._application(environ, start_response)
        environ[AHEAD] = pending
        try:
            return self._application(environ, start_response)
        finally:
            pending.drop()

    def _ask(self, environ: WSGIEnvironment) -> Pending | None:
        path = environ["PATH_INFO"]
        if not path.startswith(self._prefixes) or not path.isascii():  # what is not ASCII, Django reads in its own way
            return None
        try:
            view = _view(path)
            question = view and question_of(environ, view)
        except (Resolver404, Problem):
            return None  # the application says what is wrong
        return ask_ahead(*question) if question else None


class _Route(NamedTuple):
    """Leads to a view that asks for a key."""

    made_by: type[Any]
    options: dict[str, Any]
    arguments: dict[str, Any]


def _view(path: str) -> Any:
    """The view that will answer, as far as `question_of` looks at it; None for one that asks for no key."""
    route = _route(get_resolver(get_urlconf()), path)
    if route is None:
        return None
    view = route.made_by(**route.options)
    view.kwargs = route.arguments
    if hasattr(view, "get") and not hasattr(view, "head"):
        view.head = view.get  # as Django's `View.setup`
    return view


@lru_cache(maxsize=ROUTES_KEPT)
def _route(resolver: URLResolver, path: str) -> _Route | None:
    """Remembered: Django looks for it as well, which takes as long as all of asking."""
    match: Any = resolver.resolve(path)
    made_by = getattr(match.func, "view_class", None)
    if made_by is None or not any(issubclass(c, ApiKeyAuthentication) for c in made_by.authentication_classes):
        return None
    return _Route(made_by, match.func.view_initkwargs, match.kwargs)
