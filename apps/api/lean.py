"""The two paths that are answered before Django sees a request, /gate and /v1/verify: other services wait for them on
every request of their own. The same gate, the same problems and the same headers as everywhere else.

What is said here holds for every kind of server; `Lean` is for WSGI, `apps.api.rsgi` for RSGI.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple
from wsgiref.types import StartResponse, WSGIEnvironment

from django.conf import settings
from django.db import close_old_connections

from apps.api import limits, problems, proxied, verifying
from apps.api.calls import Answer, Call, Question
from apps.api.identity import Header
from apps.api.middleware import DEPENDS_ON
from apps.api.problems import Problem
from apps.core.ids import request_id
from apps.core.verify import Verdict
from apps.gate import gate

Application = Callable[[WSGIEnvironment, StartResponse], Any]

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Path(NamedTuple):
    """`read` says what the gate is to be asked, `answer` what its verdict means to the caller. Both raise what the
    caller is told instead; `refusal_headers` is what that says, with its body, beside what every refusal says.
    """

    allowed: tuple[str, ...]
    read: Callable[[Call], Question]
    answer: Callable[[Call, Question, Verdict], Answer]
    refusal_headers: Callable[[Call, bytes], list[Header]]


_GATE = Path(proxied.ALLOWED, proxied.read, proxied.answer, proxied.refusal_headers)
_VERIFY = Path(verifying.ALLOWED, verifying.read, verifying.answer, lambda call, body: [])


class Lean:
    """A WSGI application: the two paths, and for all others `django`."""

    def __init__(self, django: Application) -> None:
        self._django = django
        self._common = common_headers()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        path = path_of(environ["PATH_INFO"])
        if path is None:
            return self._django(environ, start_response)
        call = opened(environ)
        answer = _answer(path, call)
        headers = [*headers_of(call, answer), *self._common]
        if answer.status != 204:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(_STATUS_LINES[answer.status], headers)
        return [b"" if call.method == "HEAD" else answer.body]


def path_of(text: str) -> Path | None:
    if text == verifying.PATH:
        return _VERIFY
    return _GATE if text == proxied.PATH or text.startswith(proxied.PATH + "/") else None


def opened(environ: dict[str, Any]) -> Call:
    environ["boltkeys.request_id"] = request_id()
    return Call(environ)


def question_of(path: Path, call: Call) -> Question:
    """What the gate is to be asked. Raises what the caller is told."""
    if call.method not in path.allowed:
        allowed = ", ".join(path.allowed)
        raise Problem("method_not_allowed", f"This address takes {allowed}.", {"Allow": allowed})
    return path.read(call)


def refused(path: Path, call: Call, exc: Exception) -> Answer:
    problem = problems.as_problem(exc)
    if problem.status_code >= 500:
        problems.log_failure(call, problem, exc)
    body = problems.content(call, problem)
    headers = [("Content-Type", problems.CONTENT_TYPE), *problem.headers.items(), *path.refusal_headers(call, body)]
    return Answer(problem.status_code, headers, body)


def headers_of(call: Call, answer: Answer) -> list[Header]:
    """All but the common ones."""
    headers = [*answer.headers, ("X-Request-Id", call.META["boltkeys.request_id"])]
    if call.verdict is not None and call.verdict.rate is not None:
        headers += limits.headers(call.verdict.rate).items()
    return headers


def common_headers() -> list[Header]:
    """What Django's middleware would set on an answer of the API."""
    headers = [("Cache-Control", "no-store"), ("Vary", ", ".join(DEPENDS_ON)), ("X-Content-Type-Options", "nosniff")]
    if settings.SECURE:
        age = settings.SECURE_HSTS_SECONDS
        headers.append(("Strict-Transport-Security", f"max-age={age}; includeSubDomains; preload"))
    return headers


def _answer(path: Path, call: Call) -> Answer:
    try:
        question = question_of(path, call)
        call.verdict = gate.verify(question.presented, question.ask)
        return path.answer(call, question, call.verdict)
    except Exception as exc:  # noqa: BLE001  (nothing stands behind this that could answer)
        return refused(path, call, exc)
    finally:
        close_old_connections()  # as Django does after each request: who asked the database gives the connection back
