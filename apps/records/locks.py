"""Who writes records, and who changes what fields they have: the second waits for the first, and they for it.

Otherwise a value could be judged by a field's old type and be stored after the type has changed. SQLite needs none of
it: there, one transaction writes at a time.
"""

from __future__ import annotations

import hashlib

from django.db import connection

from apps.core.resources import Resource


def hold_fields(project_id: str, resource: Resource) -> None:
    """The fields stay as they are until the transaction is over. Any number of writers hold them at once."""
    _lock("pg_advisory_xact_lock_shared", project_id, resource)


def change_fields(project_id: str, resource: Resource) -> None:
    """Nobody else changes the fields, nor writes by them, until the transaction is over."""
    _lock("pg_advisory_xact_lock", project_id, resource)


def _lock(function: str, project_id: str, resource: Resource) -> None:
    """An advisory lock: a lock on rows would be a write for each reader (PostgreSQL 15, §13.3.2 and §13.3.5)."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", (_number(project_id, resource),))


def _number(project_id: str, resource: Resource) -> int:
    """64 bits, as PostgreSQL takes them. Two that are the same by chance wait for each other in vain."""
    digest = hashlib.blake2b(f"fields:{project_id}:{resource.slug}".encode(), digest_size=8)
    return int.from_bytes(digest.digest(), signed=True)
