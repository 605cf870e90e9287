"""Who caused a change. Kept by value in the audit, so that it outlives the person and the key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` and `label` identify the cause; `ip` and `request_id` say where it came from, when a request did it."""

    kind: Literal["user", "key", "system"]
    id: str
    label: str
    ip: str | None = None
    request_id: str | None = None


OPERATOR = Actor("system", "operator", "operator (command line)")
"""Somebody with a shell on the server."""

CLOCK = Actor("system", "clock", "boltkeys")
"""The product itself, as when a key expires."""
