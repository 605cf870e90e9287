"""A key is rotated in the list, in one profile without JavaScript: both keys work, and the list tells them apart."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, sign_in
from tests.server import Server

KEYS = "/projects/turning/api-keys/"


@pytest.fixture(scope="module")
def old(server: Server) -> str:
    """The secret of the one key of a project."""
    admin = ("--admin", "rita@example.com", "--password-env", "RITA")
    server.manage("create_project", "--name", "Turning", "--catalogue", "boltcall", *admin, RITA=PASSWORD)
    made = server.manage("create_key", "--project", "turning", "--name", "Website", "--grant", "leads:read")
    return str(made["secret_key"])


def test_rotated_key_and_its_successor_work_and_stand_in_the_list(
    page: Page, server: Server, old: str, request: pytest.FixtureRequest
) -> None:
    sign_in(page, "rita@example.com")
    page.wait_for_url(f"{server.url}/**")
    page.goto(KEYS)
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("button", name="Rotate", exact=True).click()
    expect(page.get_by_role("radio", name="24 hours")).to_be_checked()
    page.get_by_role("radio", name="1 hour").check()
    has_script = request.node.callspec.id == "script"
    page.get_by_role("button", name="Rotate key").click(
        click_count=2 if has_script else 1
    )  # a double click rotates once
    expect(page.get_by_role("main")).to_contain_text("works until")
    new = page.get_by_test_id("secret").inner_text().strip()
    assert [server.call("/v1/leads", key=secret).status for secret in (old, new)] == [200, 200]

    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(KEYS)
    names = page.get_by_role("rowheader")
    expect(names).to_have_count(2)
    expect(names.nth(1)).to_contain_text("Rotated, works until")
    page.get_by_role("button", name="Actions").first.click()
    expect(page.get_by_role("button", name="Rotate", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Actions").last.click()
    expect(page.get_by_role("button", name="Rotate", exact=True)).to_be_hidden()
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Its successor").click()
    expect(page.get_by_role("main")).to_contain_text(new[-4:])
    expect(page.get_by_role("button", name="Rotate Website")).to_be_visible()
