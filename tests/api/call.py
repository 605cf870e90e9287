"""One request to the API, as a client sends it; what a server would answer comes back, a 500 included."""

from __future__ import annotations

import json
from typing import Any, cast

from django.http import HttpResponse
from django.test import Client

from tests import make


def call(method: str, path: str, key: str = "", *, body: object = None, **headers: str) -> HttpResponse:
    """`body` is sent as JSON, or as it stands when it is bytes; header names are written with `_` for `-`."""
    client = Client(raise_request_exception=False)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        sent["Authorization"] = f"Bearer {key}"
    content_type = sent.pop("Content-Type", "application/json")
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    answer: Any = client.generic(method, path, data, content_type if body is not None else "", headers=sent)
    return cast(HttpResponse, answer)


def problem(response: HttpResponse, status: int, code: str) -> dict[str, Any]:
    """The body of an error, after a look at what all errors have in common."""
    assert response["Content-Type"] == "application/problem+json", response.content[:300]
    body: dict[str, Any] = json.loads(response.content)
    assert (response.status_code, body["status"], body["code"]) == (status, status, code), body
    assert body["title"] and body["detail"] and body["type"].startswith("http")
    assert body["request_id"] == response["X-Request-Id"]
    return body


def pointers(response: HttpResponse) -> dict[str, str]:
    """pointer → code of a 422."""
    return {error["pointer"]: error["code"] for error in problem(response, 422, "invalid")["errors"]}


def data(response: HttpResponse) -> Any:
    assert response.status_code in (200, 201), response.content[:300]
    return json.loads(response.content)


def all_scopes(*resources: str) -> list[str]:
    return [f"{resource}:{action}" for resource in resources for action in ("read", "write")]


def secret_for(project: Any, *scopes: str, **over: Any) -> str:
    """The secret of a new key that no limit gets in the way of."""
    over = {"rate_limit": 1_000_000, "name": "/".join(scopes)[:60] or "Website", **over}
    return make.new_key(project, scopes=list(scopes), **over).secret
