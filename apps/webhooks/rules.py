"""What makes an endpoint's URL and events valid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from apps.core.catalogue import Catalogue
from apps.core.errors import FieldError, Invalid, invalid
from apps.webhooks import events as known
from apps.webhooks.models import URL_MAX

HTTPS = 443
FIRST_OPEN_PORT = 1024
"""Below it only 443: a webhook is not to knock on mail servers and the like."""

_PRINTABLE = re.compile(r"[!-~]+")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?\.?|[0-9a-f:.]{2,45}")


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart once, so that what is judged is what is dialled. `path` has the query with it."""

    scheme: str
    host: str
    port: int
    path: str
    is_allowed: bool

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = HTTPS if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"


def target(url: object, allowed_hosts: Iterable[str]) -> Target:
    """The URL taken apart. Raises `Invalid`. `allowed_hosts`: names, or `name:port`, that the operator lets through."""
    if not isinstance(url, str):
        raise _wrong("The URL must be text.", "type")
    if len(url) > URL_MAX:
        raise _wrong(f"The URL may have at most {URL_MAX} characters.", "too_long")
    if not url.strip():
        raise _wrong("Give the URL that events are sent to.", "required")
    if not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise _wrong("Write the URL without spaces, in ASCII (a name with other letters as xn--…).", "characters")
    parts = _split(url)
    return _judged(parts, _host(parts), _port(parts), allowed_hosts)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (read for what it raises)
    except ValueError:
        raise _wrong("This is not a URL. Write it like https://example.com/webhooks.", "format") from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise _wrong("Write the whole URL, such as https://example.com/webhooks.", "format")
    if "@" in parts.netloc:
        raise _wrong("No name and password in the URL: deliveries are signed instead.", "userinfo")
    if "#" in url:
        raise _wrong("Leave out what follows the #: it is never sent.", "fragment")
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if not _HOST.fullmatch(host) or ".." in host or ("[" in parts.netloc) != (":" in host):
        raise _wrong("This is not the name of a host.", "host")
    return host.removesuffix(".")


def _port(parts: SplitResult) -> int:
    if parts.port is not None:
        return parts.port
    return HTTPS if parts.scheme == "https" else 80


def _judged(parts: SplitResult, host: str, port: int, allowed_hosts: Iterable[str]) -> Target:
    allowed = {each.strip().lower().removeprefix("[").replace("]", "") for each in allowed_hosts}
    is_allowed = host in allowed or f"{host}:{port}" in allowed
    if parts.scheme != "https" and not is_allowed:
        raise _wrong("Deliveries go over https only, but to hosts that an operator has allowed plain http.", "https")
    if not is_allowed and port != HTTPS and port < FIRST_OPEN_PORT:
        raise _wrong(f"Use port 443, or one from {FIRST_OPEN_PORT} on.", "port")
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return Target(parts.scheme, host, port, path, is_allowed)


def clean_events(catalogue: Catalogue, events: object) -> list[str]:
    """The names, each once, in the order in which they are offered. Raises `Invalid`, also for none at all."""
    if not isinstance(events, Sequence) or isinstance(events, str):
        raise invalid("/events", "The events must be a list of names.", "type")
    offered = known.names(catalogue)
    if len(events) > len(offered) * 2:
        raise invalid("/events", "These are more events than there are.", "too_many")
    unknown = [
        FieldError(f"/events/{i}", _unknown(event, offered), "unknown_event")
        for i, event in enumerate(events)
        if event not in offered
    ]
    if unknown:
        raise Invalid(unknown)
    if not events:
        raise invalid("/events", "Choose at least one event.", "required")
    return [name for name in offered if name in events]


def _wrong(detail: str, code: str) -> Invalid:
    return invalid("/url", detail, code)


def _unknown(event: object, offered: Sequence[str]) -> str:
    """Names the events about the same thing, or where all of them stand."""
    subject = str(event).partition(".")[0]
    near = [name for name in offered if name.startswith(f"{subject}.")]
    hint = f"There are {', '.join(near)}." if near else "The form of a webhook in the dashboard lists them all."
    return f"There is no event {ascii(event)[:60]} in this project. {hint}"
