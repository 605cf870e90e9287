"""What every answer of the API has in common, also when no view was reached."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers

from apps.api import limits, problems
from apps.api.authentication import VERDICT
from apps.core.ids import request_id
from apps.gate import gate

GetResponse = Callable[[HttpRequest], HttpResponseBase]

DEPENDS_ON = ("Authorization", "X-API-Key", "X-Project")


NOTICE = "Boltkeys-Notice"
"""A sentence for people about a change that was made, and does not hold everywhere yet."""


class RequestId:
    """Gives every request an ID of our own making: in `X-Request-Id`, in problems, in the audit and in logs."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        made = request.META["boltkeys.request_id"] = request_id()
        response = self.get_response(request)
        response["X-Request-Id"] = made
        return response


class ApiAnswers:
    """Nothing under /v1 is answered in HTML or, unless a view says so, kept in a cache; who has a key learns of its
    limit every time."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_api(request):
            return self.get_response(request)
        gate.holds_later()  # of another request in this thread, which ended before it could say so
        response = self.get_response(request)
        if gate.holds_later():
            response[NOTICE] = gate.LATE
        if response.status_code >= 400 and response.get("Content-Type") != problems.CONTENT_TYPE:
            response = _as_problem(request, response)
        verdict = request.META.get(VERDICT)
        if verdict is not None and verdict.rate is not None:
            for name, value in limits.headers(verdict.rate).items():
                response[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        patch_vary_headers(response, DEPENDS_ON)
        return response

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        """The last resort: a view's exception that Django REST framework did not get to see."""
        if not is_api(request):
            return None
        problem = problems.as_problem(exc)
        if problem.status_code >= 500:
            problems.log_failure(request, problem, exc)
        return problems.response(request, problem)


def is_api(request: HttpRequest) -> bool:
    return request.path_info == "/v1" or request.path_info.startswith("/v1/")


def _as_problem(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    """Django's own errors, such as a host that is not allowed or a failure in another middleware."""
    if response.status_code == 404:
        problem = problems.not_found()
    else:
        code = problems.BY_STATUS.get(response.status_code, "internal_error")
        problem = problems.Problem(code, problems.CODES[code][1] + ".")
    if "Allow" in response:
        problem.headers["Allow"] = response["Allow"]
    return problems.response(request, problem)
