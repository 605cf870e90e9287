"""The secret of an API key: how it is made, recognised, stored and shown.

`sk_live_` + 32 random base62 characters (190 bits) + 6 base62 characters of CRC-32 over all that stands
before them. The checksum tells a mistyped or made-up key from a real one without any I/O; it is no proof of
anything, the digest is.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable

from apps.core.ids import ALPHABET, random_text

RANDOM_LENGTH = 32
CHECKSUM_LENGTH = 6
MAX_LENGTH = 16 + len("_live_") + RANDOM_LENGTH + CHECKSUM_LENGTH
"""Longest well-formed secret: a catalogue's key prefix has at most 16 characters."""

ENVIRONMENTS = ("live", "test")

_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
"""Two base62 digits at a time: the checksum is computed on every request."""

_SHAPE = re.compile(r"[a-z][a-z0-9]{0,15}_(?:live|test)_[0-9A-Za-z]{38}", re.ASCII)


def prefix(key_prefix: str, environment: str) -> str:
    """What a secret starts with: `sk_live_`."""
    return f"{key_prefix}_{environment}_"


def mint(prefix: str, random: Callable[[int], str] = random_text) -> str:
    """A new secret that starts with `prefix` (`sk_live_`)."""
    body = prefix + random(RANDOM_LENGTH)
    return body + checksum(body)


def checksum(body: str) -> str:
    """CRC-32 (zlib) of the ASCII of `body`, as six zero-padded base62 characters."""
    high, low = divmod(zlib.crc32(body.encode("ascii")), len(_PAIRS))
    high, middle = divmod(high, len(_PAIRS))
    return _PAIRS[high] + _PAIRS[middle] + _PAIRS[low]


def is_well_formed(text: str) -> bool:
    """Whether `text` has the shape of a secret and its checksum is right. No I/O, no hash, linear time."""
    if len(text) > MAX_LENGTH or not _SHAPE.fullmatch(text):
        return False
    return checksum(text[:-CHECKSUM_LENGTH]) == text[-CHECKSUM_LENGTH:]


def digest(secret: str) -> bytes:
    """SHA-256 of the secret, 32 bytes: the only form that is stored.

    A fast hash is right here because the secret has 190 random bits (OWASP ASVS 6.5.2, 11.4.1).
    """
    return hashlib.sha256(secret.encode("ascii")).digest()


def mask(secret: str) -> str:
    """What people see in place of the secret: `sk_live_…x9Qd`."""
    head = secret[: -(RANDOM_LENGTH + CHECKSUM_LENGTH)]
    return f"{head}…{secret[-4:]}"


_ANYWHERE = re.compile(
    r"([a-z][a-z0-9]{0,15}_(?:live|test)_|(?<![0-9A-Za-z_])rt_)[0-9A-Za-z]{16,}"
    r"|((?<![0-9A-Za-z_])eyJ)[0-9A-Za-z_-]{13,}(?:\.[0-9A-Za-z_-]+)*"
)
"""Keys, refresh tokens, and access tokens, which begin with the Base64 of `{"`."""


def redact(text: str) -> str:
    """`text` with everything that looks like a secret, well-formed or not, cut down to its prefix."""
    return _ANYWHERE.sub(r"\1\2[redacted]", text)
