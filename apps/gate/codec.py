"""Records as bytes in Redis: JSON arrays with a schema number, and never pickles."""

from __future__ import annotations

import json
from typing import Any

from apps.core.records import SCHEMA, KeyRecord, MembershipRecord, OwnerRecord, ProjectRecord


def encode(record: KeyRecord) -> bytes:
    """Compact JSON: a list that starts with the schema number."""
    fields = [
        SCHEMA,
        record.key_id,
        record.rate_limit,
        record.unrestricted,
        sorted(record.scopes),
        record.expires_at,
        record.ended,
        list(record.allowed_ips),
        record.project and _project(record.project),
        record.owner and _owner(record.owner),
    ]
    return json.dumps(fields, separators=(",", ":")).encode()


def decode(data: bytes) -> KeyRecord | None:
    """The record; None for anything that this version did not write, which is then read from the database."""
    try:
        schema, key_id, limit, unrestricted, scopes, expires_at, ended, ips, project, owner = json.loads(data)
        if schema != SCHEMA or not isinstance(key_id, str) or not isinstance(limit, int):
            return None
        return KeyRecord(
            key_id=key_id,
            rate_limit=limit,
            unrestricted=unrestricted is True,
            scopes=frozenset(map(str, scopes)),
            expires_at=None if expires_at is None else float(expires_at),
            ended=str(ended),
            allowed_ips=tuple(map(str, ips)),
            project=None if project is None else _read_project(project),
            owner=None if owner is None else _read_owner(owner),
        )
    except (ValueError, TypeError, RecursionError):
        return None


def _project(project: ProjectRecord) -> list[Any]:
    return [project.id, project.slug, project.catalogue, project.suspended]


def _read_project(fields: list[Any]) -> ProjectRecord:
    project_id, slug, catalogue, suspended = fields
    return ProjectRecord(str(project_id), str(slug), str(catalogue), suspended is not False)


def _owner(owner: OwnerRecord) -> list[Any]:
    memberships = [[_project(m.project), m.administrator, sorted(m.scopes)] for m in owner.memberships]
    return [owner.user_id, owner.email, owner.active, memberships]


def _read_owner(fields: list[Any]) -> OwnerRecord:
    user_id, email, active, memberships = fields
    return OwnerRecord(
        str(user_id),
        str(email),
        active is True,
        tuple(
            MembershipRecord(_read_project(project), administrator is True, frozenset(map(str, scopes)))
            for project, administrator, scopes in memberships
        ),
    )
