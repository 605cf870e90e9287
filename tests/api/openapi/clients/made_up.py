"""What no schema can say about values that are made up: hooks of schemathesis.

Two active keys of a project never have one name (422 `taken`). And the key that asks is not to end itself: all that
follows would be a 401.
"""

from __future__ import annotations

import os
from itertools import count
from typing import Any

import schemathesis

CREATE = "POST /v1/developer-access/api-keys"
OWN = os.environ["OWN_KEY_ID"]
NOBODYS = f"key_{'0' * 22}"

_numbers = count()


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    if context.operation.label == CREATE and isinstance(body, dict):
        name = body.get("name")
        if isinstance(name, str) and 0 < len(name) <= 60:
            body["name"] = f"{name} {next(_numbers)}"
    return body


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    if case.path_parameters and case.path_parameters.get("key_id") == OWN and case.method != "GET":
        case.path_parameters["key_id"] = NOBODYS
