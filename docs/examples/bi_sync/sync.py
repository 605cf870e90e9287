"""Keeps a table of leads in SQLite like those in boltkeys. Kill it when you like: it goes on where it was.

KEY=sk_live_… BOLTKEYS_URL=http://127.0.0.1:8000 python sync.py leads.sqlite3 [--every SECONDS] [--forget-deleted]
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

BEGINNING = ("0001-01-01T00:00:00Z", "")
TRIES = 8


def sync(table: sqlite3.Connection) -> int:
    """Takes over what has changed since the last time. How many records that were."""
    position, columns = _prepare(table, [field["name"] for field in _get("/v1/leads/schema")["fields"]])
    count = 0
    for page in _pages(updated_since=position[0], order="updated_at", limit=100):
        rows = [row for row in page if (row["updated_at"], row["id"]) != position]  # at this one we had stopped
        with table:  # the rows and how far we have got: both or neither
            for row in rows:
                _store(table, {name: row[name] for name in columns if name in row})
            if rows:
                table.execute("UPDATE position SET updated_at = ?, id = ?", (rows[-1]["updated_at"], rows[-1]["id"]))
        count += len(rows)
    return count


def forget_deleted(table: sqlite3.Connection) -> int:
    """What is deleted is in no list: whatever we have had before we began, and do not meet, is gone."""
    had = {pk for (pk,) in table.execute("SELECT id FROM leads")}
    gone = had - {row["id"] for page in _pages(order="created_at", limit=100) for row in page}
    with table:
        table.executemany("DELETE FROM leads WHERE id = ?", [(pk,) for pk in gone])
    return len(gone)


def _prepare(table: sqlite3.Connection, fields: Sequence[str]) -> tuple[tuple[str, str], list[str]]:
    """Position and columns of the table, which has one for each field. A new one is filled from the beginning."""
    with table:
        table.execute("BEGIN IMMEDIATE")
        table.execute("CREATE TABLE IF NOT EXISTS leads (id TEXT PRIMARY KEY, created_at TEXT, updated_at TEXT)")
        table.execute("CREATE TABLE IF NOT EXISTS position (updated_at TEXT, id TEXT)")
        if not table.execute("SELECT 1 FROM position").fetchone():
            table.execute("INSERT INTO position VALUES (?, ?)", BEGINNING)
        columns = [column for _, column, *_ in table.execute("PRAGMA table_info(leads)")]
        new = [name for name in fields if name not in columns]
        for name in new:
            table.execute(f'ALTER TABLE leads ADD COLUMN "{name}"')  # a name is letters, digits and _
        if new:
            table.execute("UPDATE position SET updated_at = ?, id = ?", BEGINNING)
        return table.execute("SELECT updated_at, id FROM position").fetchone(), columns + new


def _store(table: sqlite3.Connection, row: dict[str, Any]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" * len(row))
    values = [_plain(value) for value in row.values()]
    table.execute(f"INSERT OR REPLACE INTO leads ({names}) VALUES ({marks})", values)  # noqa: S608


def _plain(value: object) -> object:
    return json.dumps(value) if isinstance(value, list) else value


def _pages(**query: object) -> Iterator[Sequence[dict[str, Any]]]:
    while True:
        page = _get(f"/v1/leads?{urlencode(query)}")
        yield page["data"]
        if page["next_cursor"] is None:
            return
        query["cursor"] = page["next_cursor"]


def _get(path: str) -> Any:
    """Waits as long as it is told to, and a little longer each time that nobody answers."""
    request = urllib.request.Request(
        os.environ["BOLTKEYS_URL"] + path, headers={"Authorization": f"Bearer {os.environ['KEY']}"}
    )
    for trial in range(1, TRIES + 1):
        try:
            with _opener.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            if refusal.code not in (429, 503) or trial == TRIES:
                raise SystemExit(f"{path}: {refusal.code} {refusal.read().decode()}") from None
            time.sleep(float(refusal.headers.get("Retry-After", trial)))
        except (OSError, HTTPException) as error:
            if trial == TRIES:
                raise SystemExit(f"{path}: {error}") from None
            time.sleep(trial)
    raise AssertionError


class _Here(urllib.request.HTTPRedirectHandler):
    """The key goes to boltkeys and nowhere else: a redirect is an error, with its status."""

    def redirect_request(self, *args: object) -> None:
        """None: not followed."""


_opener = urllib.request.build_opener(_Here)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("file")
    options.add_argument("--every", type=float, metavar="SECONDS")
    options.add_argument("--forget-deleted", action="store_true")
    given = options.parse_args()
    table = sqlite3.connect(given.file)
    while True:
        print(f"{sync(table)} changed", flush=True)
        if given.forget_deleted:
            print(f"{forget_deleted(table)} deleted", flush=True)
        if given.every is None:
            return
        time.sleep(given.every)


if __name__ == "__main__":
    main()
