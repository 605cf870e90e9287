"""Webhooks in a real browser, with and without JavaScript, to a real receiver."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from standardwebhooks import Webhook

from tests.browser.conftest import PASSWORD, sign_in
from tests.server import Server, running
from tests.webhooks.receiver import Receiver, answering, receiving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One whose operator allows receivers on this machine."""
    with running(tmp_path_factory.mktemp("hooks"), WEBHOOK_ALLOWED_HOSTS="127.0.0.1") as started:
        started.manage(
            "create_project", "--name", "Hooks", "--catalogue", "boltcall", "--admin", "alice@example.com",
            "--password-env", "ALICE", ALICE=PASSWORD,
        )  # fmt: skip
        yield started


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


def create(page: Page, url: str) -> str:
    """Through the form; returns the secret."""
    page.goto("/projects/hooks/webhooks/new/")
    page.get_by_label("URL", exact=True).fill(url)
    page.get_by_label("Leads: created").check()
    page.get_by_role("button", name="Create webhook").click()
    return page.get_by_test_id("secret").inner_text()


def leave(page: Page) -> None:
    page.get_by_role("link", name="Done").click()
    if page.get_by_role("dialog").is_visible():
        page.get_by_role("link", name="Leave without the secret").click()
    page.wait_for_url("**/webhooks/whk_*/")


def news(page: Page, words: str) -> None:
    """Waits for the words; without JavaScript somebody has to look again."""
    until = time.monotonic() + 15
    while not page.get_by_text(words).first.is_visible():
        assert time.monotonic() < until, page.content()
        page.wait_for_timeout(500)
        if page.locator("noscript a").count():
            page.reload()


def test_an_administrator_has_events_sent_and_sends_one_again(page: Page, server: Server, receiver: Receiver) -> None:
    receiver.replies = [answering(500, b"not today")]
    sign_in(page)
    secret = create(page, receiver.url)
    leave(page)
    page.get_by_role("button", name="Send test event").click()
    page.wait_for_url("**/deliveries/msg_*/")
    news(page, "HTTP 500")
    page.reload()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("It is being sent again")).to_be_visible()
    until = time.monotonic() + 15
    while len(receiver.messages) < 2:
        assert time.monotonic() < until
        time.sleep(0.1)
    first, second = receiver.messages[:2]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    for message in (first, second):
        Webhook(secret).verify(message.body, message.headers)
    page.reload()
    expect(page.get_by_text("HTTP 204").first).to_be_visible()


def test_a_record_made_by_a_key_is_told_of(page: Page, server: Server, receiver: Receiver) -> None:
    sign_in(page)
    create(page, receiver.url)
    name = Path(receiver.url).parent.name
    key = server.manage("create_key", "--project", "hooks", "--name", name, "--grant", "leads:write")
    lead = server.call("/v1/leads", key=key["secret_key"], method="POST", body={"name": "Ann"}).json()
    until = time.monotonic() + 15
    while not receiver.messages:
        assert time.monotonic() < until
        time.sleep(0.1)
    event = json.loads(receiver.messages[0].body)
    assert (event["type"], event["data"]["id"]) == ("lead.created", lead["id"])
    assert event["data"]["actor"] == {"type": "key", "id": key["id"]}


def test_a_webhook_is_deleted_after_a_question(page: Page, server: Server, receiver: Receiver) -> None:
    sign_in(page)
    create(page, f"{receiver.url}/to-be-deleted")
    leave(page)
    page.locator("summary", has_text="Actions").click()
    page.get_by_role("button", name="Disable…").click()
    page.get_by_role("button", name="Disable webhook").click()
    expect(page.get_by_text("This webhook is disabled.")).to_be_visible()
    page.locator("summary", has_text="Actions").click()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete webhook").click()
    page.wait_for_url("**/webhooks/")
    expect(page.get_by_text("The webhook is deleted")).to_be_visible()
    expect(page.get_by_role("link", name=f"{receiver.url}/to-be-deleted")).to_have_count(0)
