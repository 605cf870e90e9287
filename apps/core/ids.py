"""Public identifiers: safe in URLs, logs and audit rows, and never a secret."""

from __future__ import annotations

import secrets
import string

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
"""Base62, the digits in the order that the checksum of a secret is written in."""

LENGTH = 22
"""Characters after the prefix: 131 bits, so that an ID is never guessed and never made twice."""


def random_text(length: int) -> str:
    """`length` base62 characters from the system's CSPRNG."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def new_id(prefix: str) -> str:
    """A new identifier such as `key_4fT…`: the prefix names the kind of row."""
    return f"{prefix}_{random_text(LENGTH)}"
