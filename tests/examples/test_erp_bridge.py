"""docs/examples/erp_bridge: what is won becomes one order, and its number comes back."""

from __future__ import annotations

import json
import sqlite3
import urllib.error
import urllib.request
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.examples.conftest import Site, serving
from tests.server import Answer, free_port
from tests.waiting import eventually

SCRIPT = "erp_bridge/bridge.py"
ADD_FIELD = """
from apps.core.actor import OPERATOR
from apps.projects import catalogues, queries
from apps.records import fields
project = queries.project_with_slug({slug!r})
resource = catalogues.get(project.catalogue).resources["opportunities"]
definition = fields.Definition("order_number", "Order number", "text")
fields.add_field(actor=OPERATOR, project_id=project.id, resource=resource, definition=definition)
"""


@dataclass(frozen=True)
class Bridge:
    """What the bridge is started with: `port`, `file` of the ERP, `secret` of the webhook."""

    sales: Site
    key: str
    port: int
    file: Path
    secret: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def call(self, method: str, path: str = "", body: object = None) -> Answer:
        return self.sales.server.call(f"/v1/opportunities{path}", key=self.key, method=method, body=body)

    def won(self, title: str) -> str:
        made = self.call("POST", body={"title": title, "value": 1200, "currency": "EUR"}).json()["id"]
        assert self.call("PATCH", f"/{made}", {"stage": "won"}).status == 200
        return str(made)

    def number(self, opportunity: str) -> Any:
        return self.call("GET", f"/{opportunity}").json().get("order_number")

    def orders(self) -> list[Any]:
        with closing(sqlite3.connect(self.file, timeout=20)) as erp:
            return erp.execute("SELECT opportunity, number, title, value FROM orders ORDER BY number").fetchall()

    def messages(self) -> list[Any]:
        """`webhook-id` and whether it is done."""
        with closing(sqlite3.connect(self.file, timeout=20)) as erp:
            return erp.execute("SELECT webhook_id, done FROM messages ORDER BY webhook_id").fetchall()

    def deliver(self, webhook_id: str, opportunity: str, secret: str) -> int:
        """As boltkeys would, or as somebody would who has not the right secret. The status of the answer."""
        body = json.dumps({"type": "opportunity.updated", "data": {"id": opportunity}})
        now = datetime.now(tz=UTC)
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(webhook_id, now, body),
        }
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url, body.encode(), headers), timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return refusal.code

    def serving(self) -> Any:
        keys = {"KEY": self.key, "WEBHOOK_SECRET": self.secret}
        return serving(SCRIPT, self.port, self.file, server=self.sales.server, **keys)


@pytest.fixture
def bridge(sales: Site, tmp_path: Path) -> Bridge:
    key = sales.key("ERP", "opportunities:read", "opportunities:write")
    port = free_port()
    hook = sales.manage(
        "webhooks", url=f"http://127.0.0.1:{port}/", events=["opportunity.created", "opportunity.updated"]
    )
    return Bridge(sales, key, port, tmp_path / "erp.sqlite3", hook["secret"])


def test_what_is_won_becomes_one_order_and_its_number_comes_back(bridge: Bridge) -> None:
    with bridge.serving() as process:  # the project has no field order_number yet
        first = bridge.won("Roof")
        assert "422" in (line := process.stderr.readline()) and "order_number" in line
        process.kill()
    assert bridge.number(first) is None
    bridge.sales.server.manage("shell", "-c", ADD_FIELD.format(slug=bridge.sales.slug))
    with bridge.serving():  # what a process before has left is done
        eventually(lambda: bridge.number(first) == "SO-00001")
        second = bridge.won("Cellar")
        eventually(lambda: bridge.number(second) == "SO-00002")
        bridge.call("PATCH", f"/{second}", {"notes": "Paid"})
        lost = bridge.call("POST", body={"title": "Attic", "stage": "lost"}).json()["id"]
        assert [bridge.deliver("msg_1", second, bridge.secret) for _ in range(3)] == [204] * 3
        assert bridge.deliver("msg_2", lost, bridge.secret) == 204
        assert bridge.deliver("msg_3", "rec_0000000000000000000000", bridge.secret) == 204
        assert bridge.deliver("msg_4", lost, "whsec_" + "A" * 32) == 401
        eventually(lambda: all(done for _, done in bridge.messages()))
    assert bridge.orders() == [(first, 1, "Roof", 1200.0), (second, 2, "Cellar", 1200.0)]
    ids = [webhook_id for webhook_id, _ in bridge.messages()]
    assert {"msg_1", "msg_2", "msg_3"} <= set(ids) and "msg_4" not in ids
    assert bridge.number(lost) is None
