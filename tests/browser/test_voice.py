"""The voice product from end to end: unrestricted and restricted keys, levels, and Delete, with and without script."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PASSWORD, sign_in
from tests.server import Server

KEYS = "/projects/talk/api-keys/"
EVERYTHING = "can do everything, now and in future versions"


@pytest.fixture(scope="module", autouse=True)
def _project(server: Server) -> None:
    server.manage(
        "create_project", "--name", "Talk", "--catalogue", "voice", "--admin", "vera@example.com",
        "--password-env", "VERA", VERA=PASSWORD,
    )  # fmt: skip


def new_name() -> str:
    return f"Line {time.monotonic_ns()}"


def choose(page: Page, resource: str, level: str) -> None:
    page.get_by_role("radiogroup", name=resource, exact=True).get_by_role("radio", name=level, exact=True).check()


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))


def at_permissions(page: Page, name: str) -> None:
    """Signs in and walks to the step of the permissions."""
    sign_in(page, "vera@example.com")
    page.goto(KEYS)
    page.get_by_role("link", name="Create API key").first.click()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("radio", name="30 days").check()
    page.get_by_role("button", name="Continue").click()


def created(page: Page) -> str:
    """Creates the key that is reviewed, and goes back to the list."""
    page.get_by_role("button", name="Create key").click()
    secret = page.get_by_test_id("secret").inner_text().strip()
    page.get_by_role("link", name="Done").click()
    leave = page.get_by_role("dialog").get_by_role("link", name="Leave without the key")
    if leave.count():
        leave.click()
    page.wait_for_url(f"**{KEYS}")
    return secret


def test_restricted_key_does_what_was_chosen_until_it_is_deleted(page: Page, server: Server) -> None:
    name = new_name()
    at_permissions(page, name)
    expect(page.get_by_role("switch", name="Restrict key")).to_be_checked()
    for group in ("Communication", "Agent configuration", "Contacts and data", "Administration"):
        expect(page.get_by_role("rowheader", name=group, exact=True)).to_be_visible()
    statistics = page.get_by_role("radiogroup", name="Statistics", exact=True).get_by_role("radio")
    expect(statistics).to_have_count(2)
    choose(page, "Calls", "Write")
    choose(page, "Statistics", "Read")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("main")).to_contain_text("Write includes read.")
    secret = created(page)
    expect(row(page, name)).to_contain_text("Restricted")

    assert server.call("/v1/calls", key=secret, method="POST", body={"to": "+34600111222"}).status == 201
    assert [server.call(f"/v1/{r}", key=secret).status for r in ("calls", "statistics", "agents")] == [200, 200, 403]

    row(page, name).get_by_role("button", name="Actions").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Delete “{name}”?")
    expect(dialog).to_contain_text("3 requests in the last 24 hours")
    expect(dialog).to_contain_text("Calls: write")
    dialog.get_by_role("button", name="Delete key").click()
    expect(page.get_by_text(f"“{name}” is deleted.")).to_be_visible()
    expect(row(page, name)).to_have_count(0)

    refused = server.call("/v1/calls", key=secret)
    assert (refused.status, refused.json()["code"]) == (401, "deleted")
    page.goto(f"{KEYS}revoked/")
    expect(row(page, name).get_by_text("Deleted", exact=True)).to_be_visible()


def test_unrestricted_key_warns_first_and_then_does_everything(page: Page, server: Server) -> None:
    name = new_name()
    at_permissions(page, name)
    expect(page.get_by_text(EVERYTHING)).to_be_hidden()
    page.get_by_role("switch", name="Restrict key").uncheck()
    expect(page.get_by_text(EVERYTHING)).to_be_visible()
    expect(page.get_by_role("radiogroup", name="Calls", exact=True)).to_be_hidden()
    page.get_by_role("switch", name="Restrict key").check()
    expect(page.get_by_text(EVERYTHING)).to_be_hidden()
    expect(page.get_by_role("radiogroup", name="Calls", exact=True)).to_be_visible()
    page.get_by_role("switch", name="Restrict key").uncheck()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text(EVERYTHING)).to_be_visible()
    secret = created(page)
    expect(row(page, name).get_by_text("Unrestricted", exact=True)).to_be_visible()
    for path in ("calls", "billing", "statistics", "developer-access/api-keys"):
        assert server.call(f"/v1/{path}", key=secret).status == 200


def test_choice_survives_back_and_forward_and_the_presets(page: Page) -> None:
    at_permissions(page, new_name())
    choose(page, "Agents", "Write")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Create key")).to_be_visible()  # between two pages there is no going back
    page.go_back()
    agents = page.get_by_role("radiogroup", name="Agents", exact=True)
    expect(agents.get_by_role("radio", name="Write")).to_be_checked()
    page.get_by_role("button", name="Read everything").click()
    expect(agents.get_by_role("radio", name="Read")).to_be_checked()
    page.get_by_role("button", name="Clear").click()
    expect(agents.get_by_role("radio", name="No access")).to_be_checked()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert").filter(has_text="Choose at least one permission.")).to_be_visible()


def test_levels_and_menu_are_worked_by_the_keyboard(browser: Browser, server: Server) -> None:
    context = browser.new_context(base_url=server.url)
    context.set_default_timeout(10_000)
    page, name = context.new_page(), new_name()
    at_permissions(page, name)
    calls = page.get_by_role("radiogroup", name="Calls", exact=True)
    calls.get_by_role("radio", name="No access").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(calls.get_by_role("radio", name="Write")).to_be_checked()
    expect(page.get_by_text("1 of 19 chosen")).to_be_visible()
    page.wait_for_url(re.compile("scope-calls=calls%3Awrite"))
    page.keyboard.press("Enter")
    created(page)

    actions = row(page, name).get_by_role("button", name="Actions")
    actions.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Rotate", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(actions).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("link", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(actions).to_be_focused()
    expect(row(page, name)).to_be_visible()
    context.close()
