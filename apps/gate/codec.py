"""Records as bytes in Redis: short JSON arrays with a schema number, and never pickles.

A key that is used now and then is one of millions: what most keys do not have stands last, and is left out.
"""

from __future__ import annotations

import json
from itertools import chain
from typing import Any

from apps.core.records import SCHEMA, KeyRecord, MembershipRecord, OwnerRecord, ProjectRecord

_REST: list[Any] = [False, None, "", [], None]
"""What the fields from `unrestricted` on are when they are left out."""


def encode(record: KeyRecord) -> bytes:
    """Compact JSON: a list that starts with the schema number."""
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
    return json.dumps(fields, separators=(",", ":")).encode()


def decode(data: bytes) -> KeyRecord | None:
    """The record; None for anything that this version did not write, which is then read from the database."""
    try:
        schema, key_id, limit, scopes, project, *rest = json.loads(data)
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
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


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
