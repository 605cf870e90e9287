"""A broadcast from draft to sent, over a real server and worker, by a subscriber who hears of it and reports back."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from tests.server import Server, running
from tests.webhooks.receiver import Handler, Receiver, receiving

PASSWORD = "correct horse battery staple"
PROJECT = ("--name", "Messages", "--catalogue", "boltly", "--admin", "alice@example.com", "--password-env", "PASSWORD")


def prepared(folder: Path, server: Server, receiver: Receiver) -> tuple[str, str]:
    """The secret of a key that may do all this, and that of the webhook."""
    project = server.manage("create_project", *PROJECT, PASSWORD=PASSWORD)
    grants = [each for scope in ("read", "create", "send") for each in ("--grant", f"broadcasts:{scope}")]
    made = server.manage(
        "create_key", "--project", project["slug"], "--name", "Sender", *grants, "--grant", "tokens:create"
    )
    body = {"url": receiver.url, "events": ["broadcast.sending", "broadcast.sent"]}
    hook = server.call("/v1/developer-access/webhooks", key=made["secret_key"], method="POST", body=body)
    return made["secret_key"], hook.json()["secret"]


def test_a_subscriber_hears_of_a_broadcast_and_reports_what_came_of_it(tmp_path: Path) -> None:
    with receiving() as receiver, running(tmp_path, WEBHOOK_ALLOWED_HOSTS="127.0.0.1") as server:
        key, secret = prepared(tmp_path, server, receiver)
        told: list[str] = []

        def act(handler: Handler) -> None:
            heard: Any = Webhook(secret).verify(receiver.messages[-1].body, receiver.messages[-1].headers)
            told.append(heard["type"])
            if heard["type"] == "broadcast.sending":
                report = {"status": "sent", "recipients": 3, "delivered": 2, "undelivered": 1}
                path = f"/v1/broadcasts/{heard['data']['id']}/report"
                assert server.call(path, key=key, method="POST", body=report).status == 200
            handler.send_response(204)
            handler.end_headers()

        receiver.otherwise = act
        broadcast = server.call("/v1/broadcasts", key=key, method="POST", body={"name": "News"}).json()
        path = f"/v1/broadcasts/{broadcast['id']}"
        assert server.call(f"{path}/send", key=key, method="POST").json()["status"] == "sending"
        until = time.monotonic() + 20
        while told != ["broadcast.sending", "broadcast.sent"]:
            assert time.monotonic() < until, (told, receiver.messages)
            time.sleep(0.05)
        assert server.call(path, key=key).json()["status"] == "sent"
        metrics = server.call(f"{path}/metrics", key=key).json()
        assert (metrics["delivered"], metrics["undelivered"], metrics["opened"]) == (2, 1, None)
        assert server.call(f"{path}/send", key=key, method="POST").json()["code"] == "illegal_step"
        assert json.loads(receiver.messages[0].body)["data"]["status"] == "sending"
