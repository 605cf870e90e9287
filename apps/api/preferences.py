"""What a client sent and we have no use for: ignored and listed, or refused when it asks for that (RFC 7240)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from urllib.parse import quote

from apps.api.problems import Asked
from apps.core.secret import redact

IGNORED_HEADER = "Boltkeys-Ignored-Fields"

NAMES_MAX = 50
NAME_MAX = 64
LENGTH_MAX = 2000
"""Characters of the header, names of emoji included: many proxies have 4 kB for all headers of an answer."""


def is_strict(request: Asked) -> bool:
    """Whether the client sent `Prefer: handling=strict`."""
    preferences = str(request.META.get("HTTP_PREFER", "")).lower().split(",")
    tokens = (preference.split(";")[0].replace(" ", "").replace('"', "") for preference in preferences)
    return "handling=strict" in tokens


def headers(request: Asked, ignored: Sequence[str]) -> dict[str, str]:
    """The headers that tell which names were ignored, and that strictness was honoured."""
    told = {"Preference-Applied": "handling=strict"} if is_strict(request) else {}
    return told | ({IGNORED_HEADER: listed(ignored)} if ignored else {})


def listed(names: Sequence[str]) -> str:
    """`nickname, first%20name`: percent-encoded, so that no name can break out of the header; `...` for the rest."""
    encoded = [quote(redact(name)[:NAME_MAX], safe="") or '""' for name in names[:NAMES_MAX]]
    lengths = accumulate(len(name) + len(", ") for name in encoded)
    shown = [name for name, length in zip(encoded, lengths, strict=True) if length <= LENGTH_MAX]
    return ", ".join(shown if len(shown) == len(names) else [*shown, "..."])
