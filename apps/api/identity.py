"""Who a key is, as other services are told: in headers by /gate, in JSON by /v1/verify."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from json import dumps
from json.encoder import encode_basestring_ascii as quoted
from typing import NamedTuple

from apps.api.authentication import Principal
from apps.core.records import KeyRecord, OwnerRecord, ProjectRecord
from apps.core.times import rfc3339
from apps.core.verify import Rate

Header = tuple[str, str]

HEADERS = ("X-Boltkeys-Key-Id", "X-Boltkeys-Project-Id", "X-Boltkeys-Scopes", "X-Boltkeys-Owner")

NOBODY: tuple[Header, ...] = tuple((name, "") for name in HEADERS)
"""What a refusal says: a proxy that copies headers then overwrites what the client sent under these names."""

KEPT = 5_000
"""Sets of scopes kept ready: to work one out takes longer than all the rest of a verification, and keys share them."""


def headers(record: KeyRecord, project: ProjectRecord) -> list[Header]:
    """Of a key that was let in to `project`: key ID, project ID, scopes with a space between, the owner's ID or ""."""
    scopes = _scopes_of(record, project).text
    owner = record.owner.user_id if record.owner else ""
    return list(zip(HEADERS, (record.key_id, project.id, scopes, owner), strict=True))


def verdict(record: KeyRecord, project: ProjectRecord, rate: Rate) -> bytes:
    """The object of /v1/verify on a key that was let in to `project`, in ASCII."""
    expires_at = rfc3339(datetime.fromtimestamp(record.expires_at, UTC)) if record.expires_at else None
    return (
        f'{{"valid": true, "code": "ok", "key_id": {quoted(record.key_id)}, "project_id": {quoted(project.id)}, '
        f'"scopes": {_scopes_of(record, project).json}, "expires_at": {dumps(expires_at)}, "rate_limit": '
        f'{{"limit": {rate.limit}, "remaining": {rate.remaining}, "reset_seconds": {rate.reset_seconds}}}}}'
    ).encode("ascii")


class _Scopes(NamedTuple):
    """What a key may do in a project now, in the catalogue's order."""

    text: str
    json: str


def _scopes_of(record: KeyRecord, project: ProjectRecord) -> _Scopes:
    return _scopes(record.unrestricted, record.scopes, record.owner, project)


@lru_cache(maxsize=KEPT)
def _scopes(unrestricted: bool, scopes: frozenset[str], owner: OwnerRecord | None, project: ProjectRecord) -> _Scopes:
    """Kept by all that they depend on, so that a change of it makes others."""
    may = Principal("key", KeyRecord("", 0, unrestricted, scopes, owner=owner), project).scopes
    return _Scopes(" ".join(may), dumps(may))
