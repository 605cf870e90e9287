"""docs/examples/bi_sync: a table follows the leads, misses and repeats nothing, and may be killed at any moment."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.examples.conftest import Site, start
from tests.server import Server

SCRIPT = "bi_sync/sync.py"
WRITERS, KILLS = 4, 8
LOG = """
CREATE TABLE taken (id TEXT, updated_at TEXT);
CREATE TRIGGER log AFTER INSERT ON leads BEGIN INSERT INTO taken VALUES (NEW.id, NEW.updated_at); END;
"""


@pytest.fixture(scope="module")
def key(leads: Site) -> str:
    return leads.key("BI", "leads:read", "leads:write")


def run(server: Server, key: str, *args: object) -> str:
    with start(SCRIPT, *args, server=server, KEY=key) as process:
        out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    return out


def rows(file: Path, what: str = "SELECT id, updated_at, name, value FROM leads") -> list[Any]:
    with closing(sqlite3.connect(file, timeout=20)) as table:
        return sorted(table.execute(what).fetchall())


def listed(server: Server, key: str) -> list[Any]:
    found: list[Any] = []
    cursor = ""
    while True:
        page = server.call(f"/v1/leads?limit=100{cursor}", key=key).json()
        found += [(row["id"], row["updated_at"], row["name"], row["value"]) for row in page["data"]]
        if page["next_cursor"] is None:
            return sorted(found)
        cursor = f"&cursor={page['next_cursor']}"


def write_until(stop: threading.Event, server: Server, key: str, number: int) -> None:
    mine: list[str] = []
    turn = 0
    while not stop.is_set():
        turn += 1
        body = {"name": f"Lead {number}", "value": turn}
        if mine and random.random() < 0.5:
            answer = server.call(f"/v1/leads/{random.choice(mine)}", key=key, method="PATCH", body=body)
        else:
            answer = server.call("/v1/leads", key=key, method="POST", body=body)
            mine.append(answer.json()["id"])
        assert answer.status in (200, 201), answer.body


def test_table_equals_the_leads_after_kill_9_at_any_moment(server: Server, key: str, tmp_path: Path) -> None:
    file, stop = tmp_path / "leads.sqlite3", threading.Event()
    assert run(server, key, file) == "0 changed\n"
    with closing(sqlite3.connect(file)) as table:
        table.executescript(LOG)
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write_until, stop, server, key, number) for number in range(WRITERS)]
        for turn in range(KILLS):
            with start(SCRIPT, file, "--every", 0.01, server=server, KEY=key) as process:
                if turn % 2:
                    assert process.stdout and process.stdout.readline()  # has got through once
                time.sleep(random.uniform(0, 0.3))
                process.kill()
        stop.set()
        for writer in writers:
            writer.result()
    run(server, key, file)
    assert rows(file) == listed(server, key)
    taken = rows(file, "SELECT id, updated_at FROM taken")
    assert len(taken) == len(set(taken)) > len(rows(file)) >= WRITERS
    assert run(server, key, file) == "0 changed\n"


def test_what_was_deleted_is_forgotten(server: Server, key: str, tmp_path: Path) -> None:
    file = tmp_path / "leads.sqlite3"
    run(server, key, file)
    made = [server.call("/v1/leads", key=key, method="POST", body={"name": name}).json()["id"] for name in "abc"]
    assert run(server, key, file, "--forget-deleted") == "3 changed\n0 deleted\n"
    server.call(f"/v1/leads/{made[1]}", key=key, method="DELETE")
    assert run(server, key, file, "--forget-deleted") == "0 changed\n1 deleted\n"
    assert rows(file) == listed(server, key)


def test_new_field_is_filled_from_the_beginning(server: Server, key: str, tmp_path: Path) -> None:
    file = tmp_path / "leads.sqlite3"
    server.call("/v1/leads", key=key, method="POST", body={"name": "Ann", "status": "new", "value": 2.5})
    first = run(server, key, file)
    with closing(sqlite3.connect(file)) as table:
        table.execute("ALTER TABLE leads DROP COLUMN status")  # a table from before the field was there
        table.commit()
    assert run(server, key, file) == first
    assert ("Ann", "new", 2.5) in rows(file, "SELECT name, status, value FROM leads WHERE status IS NOT NULL")


def test_refused_key_is_said_and_ends_it(server: Server, leads: Site, tmp_path: Path) -> None:
    with start(SCRIPT, tmp_path / "leads.sqlite3", server=server, KEY=leads.key("Other", "calls:read")) as process:
        _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert error.startswith("/v1/leads/schema: 403 ") and "leads:read" in error
