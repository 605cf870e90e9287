"""One request after the other, where a test needs no load."""

from __future__ import annotations

import time
from collections.abc import Iterable

from tests.faults import sizes
from tests.faults.site import Site
from tests.server import Answer

QUIET = sizes.size(1.0, 5.0)
"""Seconds without an accepted request, after which a test believes that there will be none."""


def verify(site: Site, secret: str) -> list[Answer]:
    """What each web process says of a key."""
    return [web.server.call("/v1/verify", key=secret, method="POST") for web in site.webs]


def header(answer: Answer, name: str) -> str:
    """The first of this name, which servers write as they like; "" when there is none."""
    return next((value for given, value in answer.headers.items() if given.lower() == name.lower()), "")


def accepted(site: Site, secret: str) -> bool:
    """By one web process at least."""
    return any(answer.status == 200 for answer in verify(site, secret))


def seconds_until_refused(site: Site, secrets: Iterable[str], *, within: float) -> float:
    """How long after now the last of the keys was accepted. Fails when it still was after `within` seconds."""
    began, last, secrets = time.monotonic(), 0.0, list(secrets)
    while (now := time.monotonic() - began) < last + QUIET or now < 0.5:
        for secret in secrets:
            asked = time.monotonic() - began
            if accepted(site, secret):
                last = asked
                assert asked <= within, f"Still accepted after {asked:.1f} s."
    return last
