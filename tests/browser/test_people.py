"""People, from end to end: invited by mail, joined, given another role, removed; and a forgotten password."""

from __future__ import annotations

import time

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PASSWORD, sign_in
from tests.server import Server

TEAM = "/projects/acme-calls/team/"


def test_invite_join_change_role_remove(page: Page, browser: Browser, server: Server) -> None:
    email = f"dora{time.monotonic_ns()}@example.com"
    sign_in(page)
    page.goto(TEAM)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Role").select_option("Partner")
    page.locator("summary", has_text="Permissions").click()
    page.get_by_role("button", name="Read only").click()
    expect(page.get_by_label("Email")).to_have_value(email)
    page.get_by_role("checkbox", name="Leads: Write").check()
    page.get_by_role("checkbox", name="Analytics: Read").uncheck()
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text(f"on its way to {email}")).to_be_visible()

    theirs = _join(browser, server, email)
    expect(theirs.get_by_text("Welcome to Acme Calls.")).to_be_visible()
    expect(theirs.get_by_text("Leads read and write")).to_be_visible()
    assert _status(theirs, TEAM) == 403

    _act(page, email, "Change role…")
    page.get_by_role("radio", name="Member").check()
    page.get_by_role("button", name="Change role", exact=True).click()
    expect(page.get_by_role("row", name=email)).to_contain_text("Member")
    assert _status(theirs, TEAM) == 200

    _act(page, email, "Remove…")
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("row", name=email)).to_have_count(0)
    assert _status(theirs, TEAM) == 404
    theirs.context.close()


def test_a_forgotten_password_is_set_by_mail(page: Page, server: Server) -> None:
    email = f"erin{time.monotonic_ns()}@example.com"
    server.manage("add_member", "--project", "acme-calls", "--email", email, "--role", "member")
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email").fill(email.upper())
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()

    page.goto(server.link_mailed_to(email, "/accounts/password/reset/key/"))
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password, again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("heading", name="Your password is set")).to_be_visible()
    sign_in(page, email)
    expect(page.get_by_role("heading", name="Acme Calls")).to_be_visible()


def _join(browser: Browser, server: Server, email: str) -> Page:
    """Opens the link of the mail in a browser of their own, and sets a password."""
    page = browser.new_context(base_url=server.url).new_page()
    page.goto(server.link_mailed_to(email, "/invitations/"))
    expect(page.get_by_label("Email")).to_have_value(email)
    page.get_by_label("Your name").fill("Dora")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account and join").click()
    return page


def _act(page: Page, email: str, action: str) -> None:
    page.goto(TEAM)
    row = page.get_by_role("row", name=email)
    row.get_by_text("Actions").click()
    row.get_by_role("button", name=action).click()


def _status(page: Page, path: str) -> int:
    answer = page.goto(path)
    assert answer is not None
    return answer.status
