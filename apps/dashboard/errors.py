"""Error pages. They need no session and no navigation, so that they work when other things do not."""

from __future__ import annotations

import sys
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from apps.core.errors import Unavailable, UnknownCatalogue
from apps.dashboard.access import Forbidden
from apps.projects import queries

RETRY_AFTER_SECONDS = 5


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page("413", 413) if isinstance(exception, RequestDataTooBig) else _page("400", 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not isinstance(exception, Forbidden):
        return _page("403", 403)
    project = exception.project
    return _page("403", 403, project=project, needs=exception.needs, helpers=queries.administrators(project))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page("403_csrf", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page("404", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    failure, headers = sys.exception(), {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if isinstance(failure, UnknownCatalogue):
        return _page("503_catalogue", 503, headers, detail=failure.detail)
    if isinstance(failure, (OperationalError, InterfaceError, Unavailable)):
        return _page("503", 503, headers)
    return _page("500", 500)


def _page(name: str, status: int, headers: dict[str, str] | None = None, **context: Any) -> HttpResponse:
    return HttpResponse(render_to_string(f"errors/{name}.html", context), status=status, headers=headers)
