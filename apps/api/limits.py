"""The rate limit in headers (draft-ietf-httpapi-ratelimit-headers-11): on every answer to a key that is known."""

from __future__ import annotations

from apps.core.verify import Rate

POLICY = "minute"
WINDOW_SECONDS = 60


def headers(rate: Rate) -> dict[str, str]:
    """`RateLimit-Policy: "minute";q=60;w=60` and `RateLimit: "minute";r=42;t=17`; `t` is in seconds."""
    return {
        "RateLimit-Policy": f'"{POLICY}";q={rate.limit};w={WINDOW_SECONDS}',
        "RateLimit": f'"{POLICY}";r={rate.remaining};t={rate.reset_seconds}',
    }
