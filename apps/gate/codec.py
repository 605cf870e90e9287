"""Records as bytes in Redis: JSON arrays with a schema number, compressed, and never pickles.

A key that is used now and then is one of millions: what most keys do not have stands last, and is left out.
"""

from __future__ import annotations

import json
import zlib
from itertools import chain
from typing import Any

from apps.core.records import SCHEMA, KeyRecord, MembershipRecord, OwnerRecord, ProjectRecord

LONGEST = 1_000_000
"""Characters of a record: one that unpacks to more is none of ours."""

_WORDS = (
    b'null,false,true,["10.0.0.0/8"],:manage :create :send integrations:read knowledge_base:read agents:read '
    b"agents:write analytics:read calls:read calls:write templates:read broadcasts:read inbox:read contacts:read "
    b'contacts:write leads:read leads:write",["prj_","voice","boltly","bolten","boltcall"],null,"",18[2,"key_'
)
"""What records are made of, the most frequent last (RFC 1950 §2.2): most of them then fit the 128 bytes that Redis
allocates. Another dictionary refuses what was written with this one."""

_REST: list[Any] = [False, None, "", [], None]
"""What the fields from `unrestricted` on are when they are left out."""


def encode(record: KeyRecord) -> bytes:
    """A list that starts with the schema number, as JSON, in the format of zlib (RFC 1950)."""
    rest = [
        record.unrestricted,
        record.expires_at,
        record.ended,
        list(record.allowed_ips),
        record.owner and _owner(record.owner),
    ]
    while rest and rest[-1] == _REST[len(rest) - 1]:
        rest.pop()
    project = record.project and _project(record.project)
    fields = [SCHEMA, record.key_id, record.rate_limit, " ".join(sorted(record.scopes)), project, *rest]
    packer = zlib.compressobj(level=9, zdict=_WORDS)
    return packer.compress(json.dumps(fields, separators=(",", ":")).encode()) + packer.flush()


def decode(data: bytes) -> KeyRecord | None:
    """The record; None for anything that this version did not write, which is then read from the database."""
    try:
        schema, key_id, limit, scopes, project, *rest = json.loads(_unpacked(data))
        unrestricted, expires_at, ended, ips, owner = chain(rest, _REST[len(rest) :])
        if schema != SCHEMA or not isinstance(key_id, str) or not isinstance(limit, int):
            return None
        return KeyRecord(
            key_id=key_id,
            rate_limit=limit,
            unrestricted=unrestricted is True,
            scopes=frozenset(scopes.split()),
            expires_at=None if expires_at is None else float(expires_at),
            ended=str(ended),
            allowed_ips=tuple(map(str, ips)),
            project=None if project is None else _read_project(project),
            owner=None if owner is None else _read_owner(owner),
        )
    except (zlib.error, ValueError, TypeError, AttributeError, RecursionError):
        return None


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(zdict=_WORDS)
    text = unpacker.decompress(data, LONGEST)
    if not unpacker.eof:
        raise ValueError("It is cut off, or too long.")
    return text


def _project(project: ProjectRecord) -> list[Any]:
    return [project.id, project.slug, project.catalogue, *([True] if project.suspended else [])]


def _read_project(fields: list[Any]) -> ProjectRecord:
    project_id, slug, catalogue, *suspended = fields
    return ProjectRecord(str(project_id), str(slug), str(catalogue), bool(suspended))


def _owner(owner: OwnerRecord) -> list[Any]:
    memberships = [[_project(m.project), m.administrator, " ".join(sorted(m.scopes))] for m in owner.memberships]
    return [owner.user_id, owner.email, owner.active, memberships]


def _read_owner(fields: list[Any]) -> OwnerRecord:
    user_id, email, active, memberships = fields
    return OwnerRecord(
        str(user_id),
        str(email),
        active is True,
        tuple(
            MembershipRecord(_read_project(project), administrator is True, frozenset(scopes.split()))
            for project, administrator, scopes in memberships
        ),
    )
