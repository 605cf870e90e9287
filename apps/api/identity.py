"""Who a key is, as other services are told: in headers by /gate, in JSON by /v1/verify."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from apps.api.authentication import Principal
from apps.core.records import KeyRecord, ProjectRecord
from apps.core.times import rfc3339
from apps.core.verify import Rate

Header = tuple[str, str]

KEPT = 10_000
"""Identities kept ready, a kilobyte each: put together anew, one takes as long as all the rest of a verification."""

HEADERS = ("X-Boltkeys-Key-Id", "X-Boltkeys-Project-Id", "X-Boltkeys-Scopes", "X-Boltkeys-Owner")

NOBODY: tuple[Header, ...] = tuple((name, "") for name in HEADERS)
"""What a refusal says: a proxy that copies headers then overwrites what the client sent under these names."""


@dataclass(frozen=True, slots=True)
class Identity:
    """`headers`: key ID, project ID, scopes with a space between, and the ID of the key's owner or ""."""

    headers: tuple[Header, ...]
    _json: str

    def json(self, rate: Rate) -> bytes:
        """The verdict on a key that was let in: the object of /v1/verify."""
        left = {"limit": rate.limit, "remaining": rate.remaining, "reset_seconds": rate.reset_seconds}
        return f'{self._json}, "rate_limit": {json.dumps(left)}}}'.encode("ascii")


@lru_cache(maxsize=KEPT)
def identity(record: KeyRecord, project: ProjectRecord) -> Identity:
    """How a key that was let in to `project` is known. Kept by the value of the record: a change makes another."""
    scopes = Principal("key", record, project).scopes
    owner = record.owner.user_id if record.owner else ""
    verdict = {
        "valid": True,
        "code": "ok",
        "key_id": record.key_id,
        "project_id": project.id,
        "scopes": scopes,
        "expires_at": rfc3339(datetime.fromtimestamp(record.expires_at, UTC)) if record.expires_at else None,
    }
    values = (record.key_id, project.id, " ".join(scopes), owner)
    return Identity(tuple(zip(HEADERS, values, strict=True)), json.dumps(verdict)[:-1])
