"""The documents, as clients get them."""

from __future__ import annotations

import json
from typing import Any

from tests.api.call import call

CATALOGUES = ("boltcall", "boltly", "voice", "bolten")
METHODS = ("get", "post", "put", "patch", "delete")


def fetched(catalogue: str = "", key: str = "", **headers: str) -> dict[str, Any]:
    path = "/v1/openapi.json" + (f"?catalogue={catalogue}" if catalogue else "")
    response = call("GET", path, key, **headers)
    assert response.status_code == 200, response.content[:300]
    return dict(json.loads(response.content))


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """By path and method."""
    return {
        (path, method.upper()): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }
