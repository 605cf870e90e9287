"""Makes an order in the ERP for each opportunity that is won, and writes its number back.

pip install standardwebhooks
KEY=sk_live_… WEBHOOK_SECRET=whsec_… BOLTKEYS_URL=http://127.0.0.1:8000 python bridge.py 9000 erp.sqlite3
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

TABLES = """
CREATE TABLE IF NOT EXISTS messages (webhook_id TEXT PRIMARY KEY, record TEXT NOT NULL, done INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY, opportunity TEXT NOT NULL UNIQUE, title TEXT, value REAL, currency TEXT
);
"""
LONGEST = 1_000_000
RETRY = 5.0

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
arrived = threading.Event()


@contextmanager
def erp() -> Iterator[sqlite3.Connection]:
    """One transaction with what stands for the ERP. The messages are kept there, too: what was answered is not lost."""
    with closing(sqlite3.connect(sys.argv[2], timeout=20)) as database, database:
        yield database


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LONGEST))
        try:
            webhook.verify(body, dict(self.headers))
        except WebhookVerificationError as error:
            self.answer(401, str(error))
        else:
            self.remember(self.headers["webhook-id"], json.loads(body))
            self.answer(204)

    def remember(self, webhook_id: str, event: dict[str, Any]) -> None:
        """A message that comes again is known by its ID. The work is done after the answer, which is not to wait."""
        if event["type"].startswith("opportunity."):
            with erp() as database:
                row = (webhook_id, event["data"]["id"])
                database.execute("INSERT OR IGNORE INTO messages (webhook_id, record) VALUES (?, ?)", row)
            arrived.set()

    def answer(self, status: int, text: str = "") -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: object) -> None:
        """Prints orders only."""


def work() -> None:
    """Does what is not done, also what a process before has left. What fails is tried again, and holds up nothing."""
    while True:
        arrived.clear()
        with erp() as database:
            waiting = database.execute("SELECT webhook_id, record FROM messages WHERE NOT done").fetchall()
        failed = [message for message in waiting if not done(*message)]
        arrived.wait(RETRY if failed else None)


def done(webhook_id: str, record_id: str) -> bool:
    try:
        handle(record_id)
        with erp() as database:
            database.execute("UPDATE messages SET done = 1 WHERE webhook_id = ?", (webhook_id,))
    except (OSError, sqlite3.Error) as error:
        print(f"To be tried again: {error}", file=sys.stderr, flush=True)
        return False
    return True


def handle(record_id: str) -> None:
    """A message says that something changed, not what it is now: that is asked. Doing this twice does no harm."""
    opportunity = ask("GET", f"/v1/opportunities/{record_id}")
    if opportunity is None or opportunity.get("stage") != "won":
        return
    number = f"SO-{order(opportunity):05}"
    if opportunity.get("order_number") != number:  # our own PATCH is told to us, too
        # Strict: if the project has no such field, we want to know.
        ask("PATCH", f"/v1/opportunities/{record_id}", {"order_number": number})
        print(number, opportunity["title"], flush=True)


def order(opportunity: dict[str, Any]) -> int:
    """The number of the opportunity's order, of which there is one."""
    facts = [opportunity.get(name) for name in ("id", "title", "value", "currency")]
    with erp() as database:
        database.execute(
            "INSERT OR IGNORE INTO orders (opportunity, title, value, currency) VALUES (?, ?, ?, ?)", facts
        )
        found = database.execute("SELECT number FROM orders WHERE opportunity = ?", facts[:1])
        return int(found.fetchone()[0])


def ask(method: str, path: str, body: object = None) -> dict[str, Any] | None:
    """The record; None when there is none (any more)."""
    headers = {"Authorization": f"Bearer {os.environ['KEY']}", "Content-Type": "application/json"}
    request = urllib.request.Request(
        os.environ["BOLTKEYS_URL"] + path,
        data=None if body is None else json.dumps(body).encode(),
        headers=headers | {"Prefer": "handling=strict"},
        method=method,
    )
    try:
        with _opener.open(request, timeout=10) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as refusal:
        if refusal.code == 404:
            return None
        raise OSError(f"{method} {path}: {refusal.code} {refusal.read().decode()}") from refusal
    except (HTTPException, ValueError) as half:
        raise OSError(f"{method} {path}: no whole answer") from half


class _Here(urllib.request.HTTPRedirectHandler):
    """The key goes to boltkeys and nowhere else: a redirect is an error, with its status."""

    def redirect_request(self, *args: object) -> None:
        """None: not followed."""


_opener = urllib.request.build_opener(_Here)


if __name__ == "__main__":
    with erp() as prepared:
        prepared.executescript(TABLES)
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    work()
