"""A real server and Debian's Chromium. The pages are looked at as people do: by role and by name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page

from tests import chromium
from tests.server import Server, running

# How a page looks and behaves does not depend on the stores: each profile tries half of that. What people do with the
# product is tried in both, in one of them without JavaScript.
collect_ignore = ["test_key_pages.py"] if settings.REDIS_URL else ["test_board.py", "test_people.py"]
SCRIPT = "script" if settings.REDIS_URL else "no-script"

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("browser")) as started:
        started.manage(
            "create_project", "--name", "Acme Calls", "--catalogue", "boltcall", "--admin", "alice@example.com",
            "--password-env", "ALICE", ALICE=PASSWORD,
        )  # fmt: skip
        started.manage(
            "add_member", "--project", "acme-calls", "--email", "bob@example.com", "--role", "member",
            "--password-env", "BOB", BOB=PASSWORD,
        )  # fmt: skip
        yield started


@pytest.fixture(params=[SCRIPT])
def page(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Page]:
    """A fresh browser with or without JavaScript. Nothing may be written to its console as an error."""
    with chromium.window(browser, server, java_script_enabled=request.param == "script") as opened:
        yield opened


def sign_in(page: Page, email: str = "alice@example.com", password: str = PASSWORD) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
