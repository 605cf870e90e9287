"""A secret is seen once: afterwards it is in no log, table, session, cache or page."""

from __future__ import annotations

import base64
import json
import sqlite3
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import redis
from playwright.sync_api import Browser, Page

from tests.browser.conftest import sign_in
from tests.server import Server

PROJECT = "/projects/acme-calls/"


def test_secret_is_nowhere_after_it_was_shown(browser: Browser, server: Server) -> None:
    page = browser.new_context(base_url=server.url).new_page()
    sign_in(page)
    secret, key_id = _create_and_misuse(page, server)
    needles = [secret, secret[8:40], secret[8:30]]
    places = {
        "log": server.log.read_text(),
        "database": "\n".join(_database(server)),
        "Redis": "\n".join(_redis(server)),
        "pages": "\n".join(_pages(page, key_id)),
        "mail": "\n".join(file.read_text() for file in (Path(server.environ["BOLTKEYS_VAR"]) / "mail").glob("*")),
    }
    assert key_id in places["database"]
    assert key_id in places["pages"]
    assert "[redacted]" in places["log"]
    found = [(place, needle) for place, text in places.items() for needle in needles if needle in text]
    assert found == []


def _create_and_misuse(page: Page, server: Server) -> tuple[str, str]:
    page.goto(f"{PROJECT}api-keys/new/")
    page.get_by_label("Name", exact=True).fill(f"Secret {time.monotonic_ns()}")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("radio", name="No expiry").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("checkbox", name="Leads: Read").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Create key").click()
    secret = page.get_by_test_id("secret").inner_text().strip()
    key_id: str = server.call("/v1/me", key=secret).json()["key"]["id"]
    answers = [
        server.call("/v1/leads", key=secret),
        server.call("/v1/leads", X_API_Key=secret),
        server.call("/v1/leads", key=secret, method="POST", body={"name": secret[:4]}),
        server.call("/v1/leads", key=secret, method="POST", body=b"{not json"),
        server.call("/v1/leads", key=secret + "x"),
        server.call("/v1/leads", key=secret, X_API_Key=secret),
        server.call(f"/v1/leads?api_key={secret}&access_token={secret}"),
        server.call(f"/v1/{secret}", key=secret),
        server.call(f"/{secret}/?next={secret}"),
        server.call("/v1/leads", key=secret, User_Agent=f"agent {secret}", X_Project=secret),
        server.call("/v1/leads", key=secret, method="POST", body={"name": "x"}, Idempotency_Key=secret),
    ]
    assert answers[0].status == 200
    assert all(answer.status < 500 for answer in answers)
    assert all(secret not in answer.body.decode() for answer in answers)
    server.manage("revoke_key", key_id, "--reason", "leaked")
    assert server.call("/v1/leads", key=secret).status == 401
    time.sleep(2.5)  # until the last count has been flushed
    return secret, key_id


def _database(server: Server) -> Iterator[str]:
    """Every value of every table as text; sessions decoded."""
    url = server.environ.get("DATABASE_URL")
    if url:
        with psycopg.connect(url) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (table,) in tables:
                for row in connection.execute(f'SELECT * FROM "{table}"'):
                    yield from map(_text, row)
        return
    with sqlite3.connect(Path(server.environ["BOLTKEYS_VAR"]) / "boltkeys.sqlite3") as embedded:
        for (table,) in embedded.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in embedded.execute(f'SELECT * FROM "{table}"'):
                yield from map(_text, row)


def _text(value: object) -> str:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).decode("latin-1")
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text + _session(text.strip('"'))


def _session(text: str) -> str:
    """What Django's signed session says, uncompressed."""
    compressed, payload = text.startswith("."), text.lstrip(".").split(":")[0]
    try:
        data = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        return (zlib.decompress(data) if compressed else data).decode("latin-1")
    except (ValueError, zlib.error):
        return ""


def _redis(server: Server) -> Iterator[str]:
    url = server.environ.get("REDIS_URL")
    if not url:
        return
    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter():
            yield key.decode("latin-1")
            yield str(client.dump(key))
            kind = client.type(key)
            readers = {b"string": client.get, b"hash": client.hgetall, b"set": client.smembers}
            yield str(readers[kind](key) if kind in readers else client.lrange(key, 0, -1))


def _pages(page: Page, key_id: str) -> Iterator[str]:
    """Every page that is linked from the project's, and those about the key."""
    waiting = [PROJECT, f"{PROJECT}api-keys/{key_id}/", f"{PROJECT}api-keys/?q=sk_live", "/"]
    seen: set[str] = set()
    while waiting and len(seen) < 60:
        path = waiting.pop()
        if path in seen or "logout" in path:
            continue
        seen.add(path)
        page.goto(path)
        yield page.content()
        links = page.eval_on_selector_all("a[href^='/']", "links => links.map(l => l.getAttribute('href'))")
        waiting += [link for link in links if not link.startswith("/static/")]
    assert len(seen) > 8
