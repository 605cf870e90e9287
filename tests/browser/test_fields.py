"""Fields in a real browser, with and without JavaScript, and what the API makes of them at the next request."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PASSWORD, sign_in
from tests.server import Server


@pytest.fixture
def slug(request: pytest.FixtureRequest, server: Server) -> str:
    """A project of its own for each test, with and without JavaScript."""
    name = f"Sales {request.node.name}"[:80]
    made = server.manage(
        "create_project", "--name", name, "--catalogue", "bolten", "--admin", "sara@example.com",
        "--password-env", "SARA", SARA=PASSWORD,
    )  # fmt: skip
    return str(made["slug"])


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))


def names(page: Page) -> list[str]:
    return page.get_by_role("table").first.get_by_role("rowheader").all_inner_texts()


def contacts(server: Server, key: str, path: str = "", **options: Any) -> Any:
    return server.call(f"/v1/contacts{path}", key=key, **options).json()


def test_an_administrator_makes_the_fields_of_contacts_her_own(page: Page, server: Server, slug: str) -> None:
    grants = ("--grant", "contacts:read", "--grant", "contacts:write")
    key = server.manage("create_key", "--project", slug, "--name", "Form", *grants)["secret_key"]
    sign_in(page, "sara@example.com")
    page.goto(f"/projects/{slug}/fields/")
    page.get_by_role("link", name="Contacts").click()
    add_a_choice(page)
    record = contacts(server, key, method="POST", body={"name": "Ann", "tier": "gold"})
    assert record["tier"] == "gold"
    keep_an_option(page)
    move_it_by_the_keyboard(page)
    assert [f["name"] for f in contacts(server, key, "/schema")["fields"]][-2:] == ["tier", "notes"]
    rename_it(page)
    assert contacts(server, key, f"/{record['id']}")["level"] == "gold"
    archive_it(page)
    assert "level" not in contacts(server, key, f"/{record['id']}")
    page.get_by_role("button", name="Restore Level").click()
    expect(row(page, "level")).to_be_visible()
    assert contacts(server, key, f"/{record['id']}")["level"] == "gold"


def add_a_choice(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill("Tier")
    page.get_by_label("Label", exact=True).fill("Tier")
    page.get_by_label("Type", exact=True).select_option(label="Single choice")
    page.get_by_label("Options").fill("gold\nsilver")
    page.get_by_role("button", name="Add field").click()
    name = page.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    expect(name).to_have_accessible_description(re.compile("starts with a letter"))
    name.fill("tier")
    page.get_by_role("button", name="Add field").click()
    expect(row(page, "tier")).to_contain_text("gold, silver")


def keep_an_option(page: Page) -> None:
    """What Enter presses agrees to nothing, however often."""
    page.get_by_role("link", name="tier", exact=True).click()
    page.get_by_label("Options").fill("silver")
    for _ in range(2):
        page.get_by_label("Label", exact=True).press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("1 record holds “gold”")
    page.get_by_role("link", name="Keep as it was").click()
    expect(page.get_by_label("Options")).to_have_value("gold\nsilver")
    page.get_by_role("link", name="Cancel").click()


def move_it_by_the_keyboard(page: Page) -> None:
    up = page.get_by_role("button", name="Move Tier up")
    up.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**to=up")
    assert names(page)[-2:] == ["tier", "notes"]
    expect(up).to_be_focused()


def rename_it(page: Page) -> None:
    page.get_by_role("link", name="tier", exact=True).click()
    page.get_by_label("Name", exact=True).fill("level")
    page.get_by_label("Label", exact=True).fill("Level")
    page.get_by_role("button", name="Save changes").click()
    expect(row(page, "level")).to_be_visible()


def archive_it(page: Page) -> None:
    page.get_by_role("button", name="Archive Level").click()
    expect(page.get_by_text("1 record has a value of it")).to_be_visible()
    page.get_by_role("button", name="Archive field").click()
    expect(page.get_by_role("button", name="Restore Level")).to_be_visible()


def test_options_are_asked_for_where_there_are_any(
    page: Page, server: Server, slug: str, request: pytest.FixtureRequest
) -> None:
    scripted = request.node.callspec.params["page"] == "script"
    sign_in(page, "sara@example.com")
    page.goto(f"/projects/{slug}/fields/")
    options = page.get_by_label("Options")
    expect(options).to_be_visible(visible=not scripted)
    page.get_by_label("Type", exact=True).select_option(label="Multiple choice")
    expect(options).to_be_visible()
