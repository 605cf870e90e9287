"""Public identifiers: safe in URLs, logs and audit rows, and never a secret."""

from __future__ import annotations

import os
import random
import string

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
"""Base62, the digits in the order that the checksum of a secret is written in."""

LENGTH = 22
"""Characters after the prefix: 131 bits, so that an ID is never guessed and never made twice."""


_BYTES = bytes(ALPHABET.encode()[byte % 62] for byte in range(256))
_UNEVEN = bytes(range(248, 256))
"""248 is the last multiple of 62: a byte from there on would favour the first characters, and is thrown away."""


def random_text(length: int) -> str:
    """`length` base62 characters from the system's CSPRNG, each as likely as any other."""
    text = b""
    while len(text) < length:
        text += os.urandom(length + 10).translate(_BYTES, _UNEVEN)
    return text[:length].decode("ascii")


def new_id(prefix: str) -> str:
    """A new identifier such as `key_4fT…`: the prefix names the kind of row."""
    return f"{prefix}_{random_text(LENGTH)}"


def request_id() -> str:
    """An identifier such as `req_4fT…`, for a request in answers and logs.

    It opens nothing, so the process' own generator is enough, which costs a tenth of the system's. Python seeds it anew
    after a fork.
    """
    return "req_" + random.randbytes(LENGTH).translate(_BYTES).decode("ascii")  # noqa: S311  # nosec B311
