"""The key that a request presents: in one header, once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.api.problems import CHALLENGE, Problem


def presented_key(meta: Mapping[str, Any]) -> str | None:
    """What was sent as `Authorization: Bearer …` or `X-API-Key: …`, as it stands; None when neither was.

    Raises a 400 for both at once, and for one header twice (RFC 6750 §2): servers join those by a comma, and a client
    and a proxy that disagree about which one counts are a hole.
    """
    bearer = _bearer(str(meta["HTTP_AUTHORIZATION"])) if "HTTP_AUTHORIZATION" in meta else None
    header = str(meta["HTTP_X_API_KEY"]) if "HTTP_X_API_KEY" in meta else None
    if bearer is not None and header is not None:
        raise _two_keys("Send one key: either Authorization or X-API-Key, not both.")
    presented = header if bearer is None else bearer
    if presented is not None and "," in presented:
        raise _two_keys("Send one key, in one header, once.")
    return presented


def looks_like_token(presented: str) -> bool:
    """Whether it is an access token (JWT, RFC 7519 §3) rather than a key, which has no dots."""
    return presented.count(".") == 2


def _bearer(authorization: str) -> str | None:
    """What stands after `Bearer` (any case, RFC 9110 §11.1); None for another scheme, which may be a proxy's."""
    scheme, _, rest = authorization.strip(" \t").partition(" ")
    if scheme.lower() == "bearer" or ",bearer" in authorization.lower().replace(" ", ""):
        return rest.strip(" \t")
    return None


def _two_keys(detail: str) -> Problem:
    return Problem("two_keys", detail, {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_request"'})
