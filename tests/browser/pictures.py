"""Takes the pictures in docs/images of the demo: `.venv/bin/python -m tests.browser.pictures`."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests import chromium
from tests.browser.conftest import sign_in
from tests.server import ROOT, Server, running

IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1280, "height": 860}


def main() -> None:
    for store in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(store, None)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), DEMO="true") as server:
        _take(server)


def _take(server: Server) -> None:
    demo = server.manage("seed_demo")
    with chromium.running() as browser:
        page = browser.new_page(base_url=server.url, viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
        sign_in(page, demo["email"], demo["password"])
        keys = f"/projects/{demo['project']}/api-keys/"
        page.goto(keys)
        page.screenshot(path=IMAGES / "keys.png")
        _create(page, keys)
        page.screenshot(path=IMAGES / "reveal.png")
    # The secret in the picture opens nothing: the database of this demo is gone when this ends.


def _create(page: Page, keys: str) -> None:
    query = "?step=review&name=Booking+site&expiry=90d&scope=leads:read&scope=leads:write&scope=calls:read"
    page.goto(f"{keys}new/{query}")
    page.get_by_role("button", name=re.compile("Create key")).click()
    page.get_by_test_id("secret").wait_for()


if __name__ == "__main__":
    main()
