"""The secrets of webhooks at rest. They must be readable, as each delivery is signed, and are encrypted (AES-256-GCM).

The key is derived (HKDF-SHA-256, with a label that is used for nothing else) from the first of
`WEBHOOK_ENCRYPTION_KEYS`, or from `SECRET_KEY` where there are none; older ones and `SECRET_KEY_FALLBACKS` still open
what they have sealed. Each sealed text names its key, so that a lost one is noticed and never signs anything wrong.
"""

from __future__ import annotations

import base64
import binascii
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

LABEL = b"boltkeys webhook secrets v1"
NONCE = 12
KEY_NAME = 8


class Unreadable(Exception):
    """The text was sealed with a key that this installation has no more, or was changed."""


def seal(text: str, context: str) -> str:
    """`text`, to be read only beside the same `context`: moved to another row, it opens no more."""
    name, key = _key(_materials()[0])
    nonce = os.urandom(NONCE)
    box = nonce + AESGCM(key).encrypt(nonce, text.encode(), context.encode())
    return f"{name}.{base64.urlsafe_b64encode(box).decode()}"


def unseal(sealed: str, context: str) -> str:
    """What was sealed. Raises `Unreadable`."""
    name, _, coded = sealed.partition(".")
    try:
        box = base64.urlsafe_b64decode(coded)
        return AESGCM(_named(name)).decrypt(box[:NONCE], box[NONCE:], context.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise Unreadable from error


def is_current(sealed: str) -> bool:
    """Whether it was sealed with the key that seals now."""
    return sealed.startswith(f"{_key(_materials()[0])[0]}.")


def _materials() -> list[str]:
    return [*settings.WEBHOOK_ENCRYPTION_KEYS, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _named(name: str) -> bytes:
    for material in _materials():
        known, key = _key(material)
        if known == name:
            return key
    raise Unreadable


@lru_cache(maxsize=16)
def _key(material: str) -> tuple[str, bytes]:
    """The key that is derived from `material`, and its name, which tells nothing about it."""
    derived = HKDF(SHA256(), length=32 + KEY_NAME, salt=None, info=LABEL).derive(material.encode())
    return derived[32:].hex(), derived[:32]
