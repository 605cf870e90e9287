"""Fills the database of the bench and writes the header values, one file for each kind of key.

    python -m bench.site.seed ROWS FILE_ROWS FOLDER

Only digests are stored; the secrets are in the folder, which the bench deletes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402  (needs the settings, as all below)
from django.db import connection, models  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.accounts.models import User  # noqa: E402
from apps.core import secret  # noqa: E402
from apps.keys.models import Grant, Key  # noqa: E402
from apps.projects.models import Project  # noqa: E402
from bench.peers import seed as peers  # noqa: E402

GRANTS = (("leads", "read"), ("leads", "write"), ("contacts", "read"))
"""Of every key. The bench asks for the first."""

RATE_LIMIT = 1_000_000
NONE = "!"
"""In place of the hash of a password: nobody signs in."""

OTHER_DATABASES = ("betterauth", "lookup_small", "lookup_large")


def main(rows: int, file_rows: int, folder: Path) -> None:
    with connection.cursor() as cursor:
        for name in OTHER_DATABASES:
            cursor.execute(f"CREATE DATABASE {name}")
    call_command("migrate", verbosity=0, skip_checks=True)
    secrets = [secret.mint("sk_live_") for _ in range(rows)]
    copy(User, _users(rows))
    copy(Key, keys := list(_keys(_project(), secrets)))
    copy(Grant, (Grant(key=key, resource=resource, action=action) for key in keys for resource, action in GRANTS))
    files = peers.fill(rows, file_rows) | _files(secrets[:file_rows])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # else the first minutes of the bench are those of the autovacuum
    for name, values in files.items():
        (folder / name).write_text("".join(f"{value}\n" for value in values))


def copy(model: type[models.Model], objects: Iterable[models.Model]) -> None:
    """Inserts the objects by COPY, a tenth of the time of `bulk_create`. Their numbers are the database's."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as stream:
        for row in objects:
            stream.write_row([field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields])


def _users(count: int) -> Iterator[User]:
    return (User(email=f"user{i}@example.com", name="Ada", password=NONE) for i in range(count))


def _project() -> Project:
    return Project.objects.create(name="Bench", slug="bench", catalogue="boltcall")


def _keys(project: Project, secrets: Iterable[str]) -> Iterator[Key]:
    """With a date of expiry, which is compared each time, and a limit that no run of the bench reaches."""
    now = timezone.now()
    for i, made in enumerate(secrets):
        yield Key(
            name=f"key {i}",
            project=project,
            environment="live",
            digest=secret.digest(made),
            mask=secret.mask(made),
            rate_limit=RATE_LIMIT,
            created_at=now,
            created_by="bench",
            expires_at=now + timedelta(days=365),
        )


def _files(secrets: list[str]) -> dict[str, Iterable[str]]:
    bad = [made[:-1] + ("a" if made[-1] != "a" else "b") for made in secrets]
    return {
        "none": ["none"],
        "boltkeys": (f"Bearer {made}" for made in secrets),
        "boltkeys-malformed": (f"Bearer {made}" for made in bad),
        "boltkeys-made-up": (f"Bearer {secret.mint('sk_live_')}" for _ in secrets),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
