"""/gate and /v1/verify for a server that has nothing else to do: an RSGI application, for granian.

The calls that are under way at the same moment ask Redis together (`apps.gate.batched`): a single call waits a little
longer than with WSGI, and many calls take a fraction of the time. What the caller is told is that of `apps.api.lean`.
"""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

from django.conf import settings

from apps.api import bodies, lean, problems
from apps.api.calls import Answer, Call
from apps.api.lean import Path
from apps.gate.batched import BatchedGate

_PLAIN = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}

_NAMES_MAX = 1000


class LeanRsgi:
    """Serves the two paths; every other one leads nowhere."""

    def __init__(self) -> None:
        self._gate = BatchedGate()
        self._common = lean.common_headers()
        self._names: dict[str, str] = {}

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._gate.start(loop)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._gate.stop()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.proto != "http":
            return
        call = lean.opened(self._environ(scope))
        path = lean.path_of(scope.path)
        answer = _nowhere(call) if path is None else await self._answer(path, call, protocol)
        headers = [*lean.headers_of(call, answer), *self._common]
        if answer.status == 204 or call.method == "HEAD":
            protocol.response_empty(answer.status, headers)
        else:
            protocol.response_bytes(answer.status, headers, answer.body)

    async def _answer(self, path: Path, call: Call, protocol: Any) -> Answer:
        try:
            if call.method == "POST" and "POST" in path.allowed:
                await _take_body(call.META, protocol)
            question = lean.question_of(path, call)
            call.verdict = await self._gate.verify(question.presented, question.ask)
            return path.answer(call, question, call.verdict)
        except Exception as exc:  # noqa: BLE001  (nothing stands behind this that could answer)
            return lean.refused(path, call, exc)

    def _environ(self, scope: Any) -> dict[str, Any]:
        """The request by the names of WSGI. A header with an underscore is none: it would pass for another."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": scope.method,
            "PATH_INFO": scope.path,
            "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        }
        for name, value in scope.headers.items():
            key = self._names.get(name) or self._name(name)
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        environ.pop("", None)
        return environ

    def _name(self, header: str) -> str:
        name = "" if "_" in header else _PLAIN.get(header, "HTTP_" + header.upper().replace("-", "_"))
        if len(self._names) < _NAMES_MAX:
            self._names[header] = name
        return name


async def _take_body(environ: dict[str, Any], protocol: Any) -> None:
    """Reads the body, and keeps no more than it may have and one byte: `bodies.whole` says what is wrong with it."""
    environ["wsgi.input"] = BytesIO()
    if bodies.is_awaited_in_vain(environ):
        return
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    body, taken = b"", 0
    async for part in protocol:
        body += part if len(body) < most else b""
        taken += len(part)
        if taken > bodies.DRAINED_MAX:
            break
    environ["wsgi.input"] = BytesIO(body)
    environ.setdefault("CONTENT_LENGTH", str(len(body)))  # of one that came in chunks


def _nowhere(call: Call) -> Answer:
    problem = problems.not_found()
    return Answer(404, [("Content-Type", problems.CONTENT_TYPE)], problems.content(call, problem))
