"""Errors as `application/problem+json` (RFC 9457): every one of the API, with its status and its stable code."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions as drf
from rest_framework.request import Request

from apps.api.declared import methods_of
from apps.core import errors
from apps.core import problems as kinds
from apps.core.secret import redact
from apps.records.steps import IllegalStep

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"

CODES: Mapping[str, tuple[int, str]] = {code: (kind.status, kind.title) for code, kind in kinds.KINDS.items()}
"""code → status and title. What each means is explained at /docs, from the same table."""

BY_STATUS: Mapping[int, str] = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "rate_limited",
    500: "internal_error",
    503: "unavailable",
}
"""The code of an error of which nothing but the status is known."""

QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
"""Registered by the draft on RateLimit fields (draft-ietf-httpapi-ratelimit-headers)."""

CHALLENGE = 'Bearer realm="boltkeys"'

RETRY_AFTER_SECONDS = 2

MAX_INSTANCE = 300


class Asked(Protocol):
    """As much of a request as a problem needs: Django's, or one that Django never saw."""

    META: dict[str, Any]

    @property
    def method(self) -> str | None: ...

    @property
    def path(self) -> str: ...


class Problem(drf.APIException):
    """An error with a code, a sentence for the reader, and more members and headers where they help.

    A code that `CODES` does not have is one of a service: it is a special case of `general`, which `CODES` has.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
        *,
        general: str = "conflict",
    ) -> None:
        super().__init__(detail, code)
        self.status_code, self.title = CODES.get(code, CODES[general])
        self.code = code
        self.text = detail
        self.headers = dict(headers or {})
        self.members = dict(members or {})


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """What Django REST framework calls for every exception in a view; nothing passes it by."""
    request: Request = context["request"]
    problem = as_problem(exc)
    if problem.status_code == 405:
        problem.headers.setdefault("Allow", ", ".join(methods_of(context["view"])))
        # The framework would put all methods of the class over it, those that the catalogue does not allow as well.
        context["view"].headers = {}
    if problem.status_code >= 500:
        log_failure(request._request, problem, exc)
    return response(request._request, problem)


def as_problem(exc: Exception) -> Problem:
    """The problem that an exception is to the client. What is not known is a 500 without any details."""
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, errors.BoltkeysError):
        return _of_domain(exc)
    if isinstance(exc, drf.APIException):
        return _of_framework(exc)
    return _of_django(exc)


def _of_domain(exc: errors.BoltkeysError) -> Problem:
    if isinstance(exc, errors.Invalid):
        # Somebody may have sent a secret as the name of a member.
        listed = [{"pointer": redact(e.pointer), "detail": redact(e.detail), "code": e.code} for e in exc.errors]
        # What would be right if nobody else had it is no fault of the request, but of the moment.
        code = "taken" if {e.code for e in exc.errors} == {"taken"} else "invalid"
        return Problem(code, exc.detail, members={"errors": listed})
    if isinstance(exc, errors.Unavailable):
        return unavailable(exc.detail)
    if isinstance(exc, IllegalStep):
        return Problem(exc.code, exc.detail, members={"state": exc.state, "possible_operations": exc.possible})
    general = type(exc).code if type(exc).code in CODES else "conflict"
    return Problem(exc.code, exc.detail, _challenge(exc), general=general)


def _challenge(exc: errors.BoltkeysError) -> dict[str, str]:
    """RFC 6750 §3.1: what somebody with a good key may not do is more than the key is good for."""
    if not isinstance(exc, errors.Refused):
        return {}
    return {"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope"'}


def _of_framework(exc: drf.APIException) -> Problem:
    if isinstance(exc, (drf.NotAuthenticated, drf.AuthenticationFailed)):
        return unauthenticated()
    if isinstance(exc, drf.MethodNotAllowed):
        return Problem("method_not_allowed", "This address does not support the method.")
    code = BY_STATUS.get(exc.status_code, "internal_error")
    return Problem(code, CODES[code][1] + ".")


def _of_django(exc: Exception) -> Problem:
    if isinstance(exc, Http404):
        return not_found()
    if isinstance(exc, PermissionDenied):
        return Problem("forbidden", "This is not allowed.")
    if isinstance(exc, RequestDataTooBig):
        return too_large()
    if isinstance(exc, (SuspiciousOperation, UnreadablePostError)):
        return Problem("bad_request", "The request could not be read.")
    if isinstance(exc, (OperationalError, InterfaceError)):
        return unavailable("The database does not answer. Try again in a moment.")
    return Problem("internal_error", "Something went wrong on our side. Quote the request_id when you ask for help.")


def unauthenticated() -> Problem:
    """RFC 6750 §3.1: who sent no key is told how to send one, and given no error code."""
    detail = "Send an API key in the header Authorization: Bearer sk_… or X-API-Key: sk_…, never in the URL."
    return Problem("unauthenticated", detail, {"WWW-Authenticate": CHALLENGE})


def not_found() -> Problem:
    return Problem("not_found", "There is nothing here, or nothing that this key may know of.")


def too_large() -> Problem:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return Problem("too_large", f"A body may have at most {limit} bytes.")


def unavailable(detail: str) -> Problem:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return Problem("unavailable", detail, headers, {"retry_after": RETRY_AFTER_SECONDS})


def content(request: Asked, problem: Problem) -> bytes:
    """The body, without anything like a secret. `instance` is the path without the query."""
    explained = problem.code if problem.code in CODES else BY_STATUS[problem.status_code]
    title = CODES[explained][1]
    body = {
        "type": problem.members.pop("type", f"{settings.BASE_URL}/docs#{explained}"),
        "title": title,
        "status": problem.status_code,
        "detail": redact(problem.text),
        "instance": quote(redact(request.path)[:MAX_INSTANCE], safe="/"),
        "code": problem.code,
        "request_id": request.META.get("boltkeys.request_id", ""),
        **problem.members,
    }
    return json.dumps(body).encode("ascii")


def response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem as an answer."""
    answer = HttpResponse(
        content(request, problem), status=problem.status_code, content_type=CONTENT_TYPE, headers=problem.headers
    )
    answer["Content-Length"] = str(len(answer.content))
    # Django would log every refusal as a warning. They are counted by the meter; failures are logged by us.
    setattr(answer, "_has_been_logged", True)  # noqa: B010
    return answer


@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponse:
    """The view of every path that leads nowhere: the same 404 for all methods, and for all who ask."""
    problem = not_found()
    if request.path.endswith("/"):
        problem.text += " No path ends in a slash."
    return response(request, problem)


def log_failure(request: Asked, problem: Problem, exc: Exception) -> None:
    """One event for one failure, by which the request_id that the client quotes is found."""
    request_id = request.META.get("boltkeys.request_id", "")
    log.error("%s %s: %s (%s)", request.method, request.path, problem.code, request_id, exc_info=exc)
