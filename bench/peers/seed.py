"""The rows of the peers, and the header values of their keys: good ones, and well-formed ones that nobody issued."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection
from django.utils import timezone
from knox.crypto import hash_token
from rest_framework_simplejwt.tokens import AccessToken

from apps.accounts.models import User

ALPHABET = string.ascii_letters + string.digits

Pair = tuple[str, str]


def fill(rows: int, file_rows: int) -> dict[str, Iterable[str]]:
    """Gives each user one key of each kind; returns the header values of the first `file_rows`, by name of the file."""
    users = list(User.objects.values_list("pk", flat=True)[:rows])
    drf = [secrets.token_hex(20) for _ in users]
    knox = [secrets.token_hex(32) for _ in users]
    api = [(_random(8), _random(32)) for _ in users]
    now = timezone.now()
    _copy("authtoken_token (key, created, user_id)", ((key, now, user) for key, user in zip(drf, users, strict=True)))
    _copy(
        "knox_authtoken (digest, token_key, created, user_id, expiry)",
        ((hash_token(key), key[:15], now, user, None) for key, user in zip(knox, users, strict=True)),
    )
    _copy(
        "rest_framework_api_key_apikey (id, prefix, hashed_key, created, name, revoked, expiry_date)",
        (
            (f"{prefix}.{_hash(prefix, key)}", prefix, _hash(prefix, key), now, "key", False, None)
            for prefix, key in api
        ),
    )
    return _files(drf[:file_rows], knox[:file_rows], api[:file_rows], users[:file_rows])


def _files(drf: list[str], knox: list[str], api: list[Pair], users: list[Any]) -> dict[str, Iterable[str]]:
    tokens = list(_jwts(users))
    return {
        "drf-token": (f"Token {key}" for key in drf),
        "knox": (f"Token {key}" for key in knox),
        "api-key": (f"Api-Key {prefix}.{key}" for prefix, key in api),
        "jwt": (f"Bearer {token}" for token in tokens),
        "drf-token-made-up": (f"Token {secrets.token_hex(20)}" for _ in drf),
        "knox-made-up": (f"Token {secrets.token_hex(32)}" for _ in knox),
        "api-key-made-up": (f"Api-Key {_random(8)}.{_random(32)}" for _ in api),
        "jwt-made-up": (f"Bearer {token.rpartition('.')[0]}.{_random(43)}" for token in tokens),
    }


def _jwts(users: list[Any]) -> Iterator[str]:
    for user in users:
        token = AccessToken()
        token["user_id"] = str(user)
        yield str(token)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _hash(prefix: str, key: str) -> str:
    """As the package stores it: SHA-512 without salt."""
    return "sha512$$" + hashlib.sha512(f"{prefix}.{key}".encode()).hexdigest()


def _copy(table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as stream:
        for row in rows:
            stream.write_row(row)
