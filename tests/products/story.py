"""What the stories of all products have in common: people at their windows, and programs that call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from playwright.sync_api import Browser, Locator, Page, expect

from tests import chromium
from tests.browser.conftest import PASSWORD, sign_in
from tests.server import Answer, Server

T = TypeVar("T")
SECRET = re.compile(r"sk_live_[0-9A-Za-z]{38}")


@contextmanager
def at_desk(browser: Browser, server: Server, email: str, **options: Any) -> Iterator[Page]:
    """Somebody who has signed in, in a browser of their own."""
    with chromium.window(browser, server, **options) as page:
        sign_in(page, email)
        page.wait_for_url(f"{server.url}/**")
        page.get_by_role("main").wait_for()
        assert "/accounts/login/" not in page.url
        yield page


def found(server: Server, name: str, catalogue: str, admin: str) -> str:
    """The slug of a new project."""
    options = ("--name", name, "--catalogue", catalogue, "--admin", admin, "--password-env", "PASSWORD")
    return str(server.manage("create_project", *options, PASSWORD=PASSWORD)["slug"])


def join(server: Server, slug: str, email: str, role: str, *grants: str) -> None:
    options = ["--project", slug, "--email", email, "--role", role, "--password-env", "PASSWORD"]
    server.manage("add_member", *options, *(each for grant in grants for each in ("--grant", grant)), PASSWORD=PASSWORD)


def said(answer: Answer, status: int, code: str = "") -> Any:
    """What the answer says, after a look at its status and, of a refusal, its code."""
    body = answer.json() if answer.body else {}
    assert (answer.status, body.get("code", "") if status >= 400 else "") == (status, code), body
    return body


def status_of(page: Page, path: str) -> int:
    answer = page.goto(path)
    assert answer is not None
    return answer.status


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))


def cell(page: Page, name: str, column: str) -> str:
    """The text in the row that begins with `name`, under the heading `column`."""
    table = row(page, name).locator("xpath=ancestor::table")
    headings = [text.strip() for text in table.locator("thead").get_by_role("columnheader").all_inner_texts()]
    return row(page, name).locator("th, td").nth(headings.index(column)).inner_text().strip()


def step(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def reveal(page: Page, back_to: str) -> str:
    """Creates the key that is reviewed; its secret is shown, copied, and not seen again."""
    page.get_by_role("button", name="Create key").click()
    secret = page.get_by_test_id("secret").inner_text().strip()
    assert SECRET.fullmatch(secret)
    page.get_by_role("button", name="Copy key").click()
    page.get_by_role("link", name="Done").click()
    page.wait_for_url(f"**{back_to}")
    expect(page.get_by_role("main")).not_to_contain_text(secret)
    return secret
