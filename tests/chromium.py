"""Debian's Chromium, as the tests drive it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.server import Server

EXECUTABLE = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--process-per-site", "--renderer-process-limit=1",
]  # fmt: skip


@contextmanager
def running() -> Iterator[Browser]:
    """One in a process: a second one beside it does not start."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def window(browser: Browser, server: Server, **options: object) -> Iterator[Page]:
    """A page in a fresh context, with nobody signed in. Nothing may be written to its console as an error."""
    context: BrowserContext = browser.new_context(base_url=server.url, **options)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    errors: list[str] = []
    opened = context.new_page()
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert [e for e in errors if "status of 4" not in e] == []
