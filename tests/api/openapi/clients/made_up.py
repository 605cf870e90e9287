"""A hook of schemathesis: the key that asks is not to end itself, for all that followed would be a 401."""

from __future__ import annotations

import os
from typing import Any

import schemathesis

OWN = os.environ["OWN_KEY_ID"]
NOBODYS = f"key_{'0' * 22}"


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    if case.path_parameters and case.path_parameters.get("key_id") == OWN and case.method != "GET":
        case.path_parameters["key_id"] = NOBODYS
