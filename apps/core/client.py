"""The address of the client, as far as it can be believed."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

LONGEST = 64
"""Characters of an IPv6 address with a zone, and spaces around it."""


def client_ip(environ: Mapping[str, Any], trusted_proxies: int = 0) -> str | None:
    """The client's address in its shortest form, or None when it is not known.

    `trusted_proxies` proxies stand in front of the server and each appends the address it saw to
    `X-Forwarded-For`; so the client is that many places from the right, and all further left is hearsay.
    """
    if trusted_proxies == 0:
        return _read(str(environ.get("REMOTE_ADDR", "")))
    hops = str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    if len(hops) < trusted_proxies:
        return None
    return _read(hops[-trusted_proxies])


def _read(text: str) -> str | None:
    return _address(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=4096)
def _address(text: str) -> str | None:
    """Remembered: to read an address takes longer than to judge a key."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address)


def network(ip: str) -> str:
    """By which those who send unknown keys are told apart: who has an IPv6 address has all of its /64 (RFC 6177)."""
    return ":".join(ipaddress.IPv6Address(ip).exploded.split(":")[:4]) if ":" in ip else ip
