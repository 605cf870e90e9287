"""Receivers at their worst, and a worker that is killed again and again: every event arrives, under one ID."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.faults import site as sites
from tests.faults.site import Site
from tests.faults.sizes import size
from tests.faults.stores import RedisServer
from tests.server import Server
from tests.webhooks.receiver import Handler, Receiver, answering, flooding, hanging, receiving

KILLS = size(3, 20)
EVENTS = size(12, 60)
ALIVE = (0.1, 2.5)
"""Seconds that a worker lives for after it has been started, about one of which it needs to come up."""

WITHIN = size(60, 400)
"""Seconds until all has arrived: claims of dead workers lapse after 20, and a second failure costs five minutes."""

HOOKS = "/v1/developer-access/webhooks"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Small: the receivers are what is tried here."""
    with ExitStack() as stack:
        redis_url = ""
        if os.environ.get("REDIS_URL"):
            redis_url = stack.enter_context(RedisServer(tmp_path_factory.mktemp("redis"))).url
        folder, database_url = tmp_path_factory.mktemp("webhooks"), os.environ.get("DATABASE_URL", "")
        yield stack.enter_context(
            sites.running(
                folder, webs=1, database_url=database_url, redis_url=redis_url, WEBHOOK_ALLOWED_HOSTS="127.0.0.1"
            )
        )


@pytest.fixture
def web(site: Site) -> Server:
    return site.webs[0].server


@pytest.fixture
def key(site: Site, request: pytest.FixtureRequest) -> str:
    """Of a project of its own, in which it may have what is needed here."""
    name = request.node.name.removeprefix("test_").replace("_", " ")[:40]
    made = site.tools.manage("create_project", "--name", name, "--catalogue", "voice", "--admin", "a@example.com")
    grants = ["--grant", "webhooks:write", "--grant", "agents:write"]
    key = site.tools.manage(
        "create_key", "--project", made["slug"], "--name", "k", *grants, "--rate-limit", "1000000"
    )  # fmt: skip
    return str(key["secret_key"])


def subscribe(web: Server, key: str, receiver: Receiver) -> str:
    answer = web.call(HOOKS, key=key, method="POST", body={"url": receiver.url, "events": ["agent.created"]})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


def create_agent(web: Server, key: str) -> str:
    answer = web.call("/v1/agents", key=key, method="POST", body={"name": "Ann"})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


def waiting(web: Server, key: str, hook: str) -> list[str]:
    rows = web.call(f"{HOOKS}/{hook}/deliveries?limit=100", key=key).json()["data"]
    return [row["id"] for row in rows if row["status"] != "delivered"]


def agents_of(receiver: Receiver) -> dict[str, set[str]]:
    """Which IDs of messages told of each agent."""
    told: dict[str, set[str]] = {}
    for message in list(receiver.messages):
        told.setdefault(json.loads(message.body)["data"]["id"], set()).add(message.headers["webhook-id"])
    return told


class FailsFirst:
    """The first attempt of each message fails: one in five hangs for longer than anybody waits, others get a 500, a
    redirect, or 10 MB of an error.
    """

    FAILURES = (answering(500), answering(302, Location="/elsewhere"), flooding(10 * 1024 * 1024, status=500))

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, handler: Handler) -> None:
        message = handler.headers["webhook-id"]
        if message in self.seen:
            answering(204)(handler)
            return
        self.seen.add(message)
        (hanging(30) if random.random() < 0.2 else random.choice(self.FAILURES))(handler)


def test_every_event_arrives_though_the_worker_is_killed_again_and_again(site: Site, web: Server, key: str) -> None:
    with receiving() as receiver:
        receiver.otherwise = FailsFirst()
        hook = subscribe(web, key, receiver)
        agents = []
        for n in range(EVENTS):
            agents.append(create_agent(web, key))
            if n % (EVENTS // KILLS) == 0:
                time.sleep(random.uniform(*ALIVE))
                site.worker.kill()
                site.worker.start()
        until = time.monotonic() + WITHIN
        while waiting(web, key, hook):
            assert time.monotonic() < until, f"{waiting(web, key, hook)} did not arrive\n{site.log()[-3000:]}"
            time.sleep(0.5)
        told = agents_of(receiver)
        assert set(told) == set(agents)
        assert {len(ids) for ids in told.values()} == {1}


def test_receivers_that_hang_flood_redirect_and_fail_hold_up_no_other(site: Site, web: Server, key: str) -> None:
    with ExitStack() as stack:
        bad = [stack.enter_context(receiving()) for _ in range(4)]
        good = stack.enter_context(receiving())
        for receiver, reply in zip(
            bad,
            (hanging(60), flooding(10 * 1024 * 1024), answering(302, Location=good.url), answering(500)),
            strict=True,
        ):
            receiver.otherwise = reply
        for receiver in (*bad, good):
            subscribe(web, key, receiver)
        agents = [create_agent(web, key) for _ in range(10)]
        until = time.monotonic() + 20
        while set(agents_of(good)) != set(agents):
            assert time.monotonic() < until, site.log()[-3000:]
            time.sleep(0.1)
        assert len(good.messages) == len(agents)  # nobody was redirected here
        assert "Traceback" not in site.log()
