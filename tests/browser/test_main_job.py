"""The main job, from end to end: create a key in the browser, use it, see its use, revoke it, be refused."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.server import Server

KEYS = "/projects/acme-calls/api-keys/"


def test_create_copy_use_watch_revoke_be_refused(page: Page, server: Server, request: object) -> None:
    name = f"Website {time.monotonic_ns()}"
    sign_in(page)
    page.goto(KEYS)
    page.get_by_role("link", name="Create API key").or_(page.get_by_role("button", name="Create API key")).first.click()
    secret = _create(page, name)
    page.get_by_role("link", name="Done").click()
    _leave(page)

    assert server.call("/v1/leads", key=secret).status == 200
    made = server.call("/v1/leads", key=secret, method="POST", body={"name": "Maya"})
    assert (made.status, made.json()["name"]) == (201, "Maya")
    assert server.call("/v1/calls", key=secret).status == 403

    _wait_for_use(page, name, count=2)
    _revoke(page, name)
    refused = server.call("/v1/leads", key=secret)
    assert (refused.status, refused.json()["code"]) == (401, "revoked")

    expect(page.get_by_role("row", name=name)).to_have_count(0)
    page.get_by_role("link", name="Revoked / Expired").first.click()
    row = page.get_by_role("row", name=name)
    expect(row).to_contain_text(re.compile("leaked", re.IGNORECASE))
    _wait_for_attempt(page, name)


def _create(page: Page, name: str) -> str:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("radio", name="30 days").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("checkbox", name="Leads: Read").check()
    page.get_by_role("checkbox", name="Leads: Write").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text(name).first).to_be_visible()
    page.get_by_role("button", name="Create key").click()
    secret = page.get_by_test_id("secret").inner_text().strip()
    assert re.fullmatch(r"sk_live_[0-9A-Za-z]{38}", secret)
    return secret


def _leave(page: Page) -> None:
    """Whoever has not copied is asked first; without JavaScript nobody can be."""
    again = page.get_by_role("dialog").get_by_role("link", name=re.compile("leave", re.IGNORECASE))
    leave = again.or_(page.get_by_role("dialog").get_by_role("button", name=re.compile("leave", re.IGNORECASE)))
    if leave.count():
        leave.first.click()
    page.wait_for_url(re.compile(re.escape(KEYS)))


def _wait_for_use(page: Page, name: str, count: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        page.goto(KEYS)
        cells = page.get_by_role("row", name=name).get_by_role("cell")
        if str(count) in [text.strip() for text in cells.all_inner_texts()]:
            return
        time.sleep(0.3)
    raise AssertionError("The use of the key did not show.")


def _revoke(page: Page, name: str) -> None:
    page.get_by_role("button", name=re.compile(f"Revoke.*{re.escape(name)}")).click()
    dialog = page.get_by_role("dialog").or_(page.get_by_role("alertdialog"))
    expect(dialog).to_contain_text(name)
    reason = dialog.get_by_label("Reason", exact=True)
    if reason.evaluate("e => e.tagName") == "SELECT":
        reason.select_option("leaked")
    else:
        dialog.get_by_role("radio", name="Leaked").check()
    dialog.get_by_role("button", name="Revoke key").click()
    page.wait_for_url(re.compile(re.escape(KEYS)))


def _wait_for_attempt(page: Page, name: str) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if re.search(r"\b1\b", page.get_by_role("row", name=name).get_by_role("cell").last.inner_text()):
            return
        time.sleep(0.3)
        page.reload()
    raise AssertionError("The attempt since the revocation did not show.")
