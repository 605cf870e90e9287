"""Access tokens: JSON Web Tokens (RFC 7519), signed by HMAC-SHA256 with `JWT_SIGNING_KEY` as it stands.

A token says who signed in, and by which family of tokens; whether that still holds, the database says each time
(`apps.accounts.tokens`). Read strictly (RFC 8725): one algorithm, one form of header, every claim present.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from django.conf import settings

from apps.core.errors import BoltkeysError
from apps.core.ids import new_id

LIFE = timedelta(minutes=15)
ALGORITHM = "HS256"
TYPE = "access"
LONGEST = 2048
"""Characters; ours have about 400. What is longer is not even parsed."""

_HEADERS = ({"alg": ALGORITHM, "typ": "JWT"}, {"alg": ALGORITHM})
"""Nothing else is understood: no `crit`, no `kid`, no key that the token brings with it."""

_CLAIMS = ("iss", "aud", "sub", "fam", "type", "jti", "iat", "exp")
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_USER = re.compile(r"[0-9a-f-]{36}", re.ASCII)
_FAMILY = re.compile(r"fam_[0-9A-Za-z]{22}", re.ASCII)


class Rejected(BoltkeysError):
    """A token is not good: `malformed`, `unknown`, `expired` or `revoked`."""

    code = "malformed"


@dataclass(frozen=True, slots=True)
class Claims:
    """The IDs of a user and of the family that the token belongs to."""

    user: str
    family: str


def issue(claims: Claims, now: datetime) -> str:
    """A token that is good for `LIFE` from `now`."""
    payload = {
        "iss": settings.BASE_URL,
        "aud": _audience(),
        "sub": claims.user,
        "fam": claims.family,
        "type": TYPE,
        "jti": new_id("jwt"),
        "iat": int(now.timestamp()),
        "exp": int((now + LIFE).timestamp()),
    }
    return jwt.encode(payload, settings.JWT_SIGNING_KEY, algorithm=ALGORITHM)


def read(token: str) -> Claims:
    """What a token of ours says. Raises `Rejected`: `expired` for one whose time is over, else `malformed`."""
    try:
        payload = _payload(token)
    except jwt.ExpiredSignatureError:
        detail = "The access token has expired. Get a new one with the refresh token."
        raise Rejected(detail, "expired") from None
    # Beside its own, PyJWT lets errors through of what it calls: deep JSON, odd Base64, numbers beyond all dates.
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        raise _malformed() from None
    user, family = str(payload["sub"]), str(payload["fam"])
    if payload["type"] != TYPE or not _USER.fullmatch(user) or not _FAMILY.fullmatch(family) or not _is_short(payload):
        raise _malformed()
    return Claims(user, family)


def _is_short(payload: Mapping[str, Any]) -> bool:
    """Whether the token is for no longer than ours are: whoever has the key for a moment cannot make one for ever."""
    begins, ends = payload["iat"], payload["exp"]
    return type(begins) is int and type(ends) is int and ends - begins <= LIFE.total_seconds()


def _payload(token: str) -> dict[str, Any]:
    if len(token) > LONGEST or not _SHAPE.fullmatch(token) or jwt.get_unverified_header(token) not in _HEADERS:
        raise _malformed()
    return jwt.decode(
        token,
        settings.JWT_SIGNING_KEY,
        algorithms=[ALGORITHM],
        issuer=settings.BASE_URL,
        audience=_audience(),
        options={"require": list(_CLAIMS), "strict_aud": True},
    )


def _audience() -> str:
    return f"{settings.BASE_URL}/v1"


def _malformed() -> Rejected:
    return Rejected("This is no access token of this installation. Sign in again by /v1/auth/login.")
