"""A request that Django never sees, and its answer: as much of both as /gate and /v1/verify need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings

from apps.api.authentication import USER_AGENT_MAX
from apps.api.identity import Header
from apps.api.presented import presented_key
from apps.api.problems import unauthenticated
from apps.core.client import client_ip
from apps.core.verify import Ask, Verdict


@dataclass(slots=True)
class Call:
    """`META` is the WSGI environment, by the name that it has in a request of Django. `verdict`: once it was given.

    `ignored`: what was sent and is not known.
    """

    META: dict[str, Any]
    verdict: Verdict | None = None
    ignored: Sequence[str] = ()

    @property
    def method(self) -> str:
        return str(self.META["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        return str(self.META["PATH_INFO"])

    def presented(self) -> str:
        """The key that was sent. Raises a 401 when there is none, and a 400 for two."""
        presented = presented_key(self.META)
        if presented is None:
            raise unauthenticated()
        return presented

    def question(
        self,
        *,
        resource: str | None,
        method: str = "GET",
        below: tuple[str, ...] = (),
        action: str | None = None,
    ) -> Question:
        """What the gate is to be asked about the key that was sent. Raises as `presented` does."""
        meta = self.META
        ask = Ask(
            resource=resource,
            method=method,
            below=below,
            action=action,
            project=meta.get("HTTP_X_PROJECT") or None,
            ip=client_ip(meta, settings.TRUSTED_PROXIES),
            user_agent=str(meta.get("HTTP_USER_AGENT", ""))[:USER_AGENT_MAX],
        )
        return Question(self.presented(), ask)


class Question(NamedTuple):
    """`fault`: what is wrong with the call, which only somebody with a good key is told."""

    presented: str
    ask: Ask
    fault: Exception | None = None

    def __repr__(self) -> str:
        """Without the key: what is printed ends up in logs."""
        return f"Question({self.ask!r})"


class Answer(NamedTuple):
    status: int
    headers: Sequence[Header] = ()
    body: bytes = b""
