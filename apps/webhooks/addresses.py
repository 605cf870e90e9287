"""Where deliveries may go. What counts is the address that is dialled, not the name that it was found by."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from threading import Thread

Resolve = Callable[[str, int], Sequence[str]]

LOOKUP_SECONDS = 4.0

_REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's own service to its machines: a public address by its form only
        "::/96",  # IPv4-compatible, the unspecified address and loopback
        "::ffff:0:0/96", "::ffff:0:0:0/96",  # IPv4-mapped and -translated
        "64:ff9b::/96", "64:ff9b:1::/48",  # NAT64: an IPv4 address inside, also a private one
        "100::/64", "2001::/23",  # Teredo, ORCHID, benchmarks
        "2001:db8::/32", "2002::/16",  # documentation; 6to4
        "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
_UNICAST_V6 = ipaddress.ip_network("2000::/3")
"""All that IANA has given out for the public IPv6 Internet."""


class Unresolved(Exception):
    """The name has no address, or none in time."""


class Private(Exception):
    """An address that no delivery goes to. `str()` is the address."""


def is_public(address: str) -> bool:
    """Whether it is a unicast address of the public Internet. What cannot be read is not."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if any(ip in network for network in _REFUSED if network.version == ip.version):
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _UNICAST_V6:
        return False
    # Python's own table, which newer releases extend.
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def resolve(host: str, port: int) -> list[str]:
    """The addresses of `host`, each once, in the system's order. Raises `Unresolved`."""
    found: list[str] = []

    def look_up() -> None:
        try:
            found.extend(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            return

    # The system's resolver knows no time limit: it is left to itself when it takes too long.
    thread = Thread(target=look_up, daemon=True, name="lookup")
    thread.start()
    thread.join(LOOKUP_SECONDS)
    if not found:
        raise Unresolved(host)
    return list(dict.fromkeys(found))


def dialable(host: str, port: int, *, is_allowed: bool, resolve: Resolve = resolve) -> list[str]:
    """The addresses to connect to. Raises `Unresolved`, and `Private` when one of them is not public.

    `is_allowed`: the operator has named the host, so that its addresses are not judged.
    """
    found = list(resolve(host, port))
    for address in found:
        if not is_allowed and not is_public(address):
            raise Private(address)
    return found
