"""Asks boltkeys whether the key of a request is good for what the request wants to do. Standard library only.

KEY=sk_live_… BOLTKEYS_URL=http://127.0.0.1:8000 python verify.py leads read
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any


def verify(authorization: str, resource: str, action: str) -> tuple[int, dict[str, Any]]:
    """Status and body for the caller's `Authorization` header: 200 and the verdict, or a refusal to pass on as it is.

    Whatever goes wrong on the way is a refusal, too: 503.
    """
    request = urllib.request.Request(
        os.environ["BOLTKEYS_URL"] + "/v1/verify",
        data=json.dumps({"resource": resource, "action": action}).encode(),
        headers={"Authorization": authorization, "Content-Type": "application/json"},
    )
    try:
        return _answer(request)
    except (OSError, ValueError, HTTPException) as error:
        return 503, {"code": "unavailable", "detail": str(error)}


def _answer(request: urllib.request.Request) -> tuple[int, dict[str, Any]]:
    try:
        with _opener.open(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


class _Here(urllib.request.HTTPRedirectHandler):
    """Follows nobody: the key of the caller is for boltkeys, and for nobody else."""

    def redirect_request(self, *args: Any) -> None:
        raise urllib.error.URLError(f"BOLTKEYS_URL leads to {args[-1]}.")


_opener = urllib.request.build_opener(_Here)


if __name__ == "__main__":
    status, body = verify(f"Bearer {os.environ['KEY']}", *sys.argv[1:3])
    print(json.dumps(body))
    sys.exit(status != 200)
