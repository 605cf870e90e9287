"""The examples at /docs, taken off the page and run as they stand; and the page itself in a browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PASSWORD
from tests.server import Server

RUNNERS: Mapping[str, list[str]] = {
    "curl": ["bash", "-euc"],
    "python": [sys.executable, "-c"],
    "javascript": ["node", "--input-type=module", "-e"],
}
CATALOGUES = ("boltcall", "bolten", "boltly", "voice")


@pytest.fixture(scope="module")
def keys(server: Server) -> dict[str, str]:
    """A key for each catalogue, that may do all that its examples do; one record is there."""
    made = {}
    for catalogue in CATALOGUES:
        project = server.manage(
            "create_project", "--name", f"Docs {catalogue}", "--catalogue", catalogue, "--admin",
            "reader@example.com", "--password-env", "READER", READER=PASSWORD,
        )  # fmt: skip
        grants = {"boltcall": "leads", "bolten": "opportunities", "boltly": "contacts"}
        resource = grants.get(catalogue)
        what = ["--grant", f"{resource}:read", f"{resource}:write"] if resource else ["--unrestricted"]
        made[catalogue] = server.manage("create_key", "--project", project["slug"], "--name", "Docs", *what)[
            "secret_key"
        ]
    return made


@pytest.fixture(scope="module")
def snippets(server: Server, browser: Browser) -> dict[tuple[str, str, str], str]:
    """The text of every example by catalogue, name and language, as people read it."""
    context = browser.new_context(base_url=server.url, java_script_enabled=True)
    page, found = context.new_page(), {}
    for catalogue in CATALOGUES:
        page.goto(f"/docs?catalogue={catalogue}")
        for code in page.locator("fieldset[data-example] code").all():
            _, name, language = (code.get_attribute("id") or "").split("-")
            found[catalogue, name, language] = code.text_content() or ""
    context.close()
    return found


def run(language: str, code: str, **environ: str) -> str:
    done = subprocess.run(
        [*RUNNERS[language], code], env=os.environ | environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("language", RUNNERS)
def test_examples_run_as_they_stand(
    server: Server, keys: dict[str, str], snippets: dict[tuple[str, str, str], str], language: str
) -> None:
    key = keys["boltcall"]

    def example(name: str, **environ: str) -> str:
        return run(language, snippets["boltcall", name, language], BOLTKEYS_KEY=key, PRESENTED_KEY=key, **environ)

    record_id = example("create")
    assert "rec_" in record_id
    assert "rec_" in example("first")
    assert "rec_" in example("sync")
    assert "rec_" in example("wait")
    assert "ok" in example("verify")
    signed_in = {"email": "reader@example.com", "password": PASSWORD}
    refresh = server.call("/v1/auth/login", method="POST", body=signed_in).json()["refresh_token"]
    environ = {"BOLTKEYS_SIGN_IN": json.dumps(signed_in), "BOLTKEYS_REFRESH": refresh}
    if language == "curl":
        assert example("sign_in", **environ).count("access_token") == 2


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_sign_in_example_runs(server: Server, snippets: dict[tuple[str, str, str], str], language: str) -> None:
    """With somebody who is in one project, so that none has to be named."""
    server.manage(
        "create_project", "--name", f"One {language}", "--catalogue", "boltcall", "--admin", f"{language}@example.com",
        "--password-env", "ONE", ONE=PASSWORD,
    )  # fmt: skip
    email = f"{language}@example.com"
    said = run(
        language, snippets["boltcall", "sign_in", language],
        BOLTKEYS_SIGN_IN=json.dumps({"email": email, "password": PASSWORD}),
    )  # fmt: skip
    assert said.split() == [email, email]


@pytest.mark.parametrize("catalogue", CATALOGUES[1:])
def test_examples_run_in_every_catalogue(
    keys: dict[str, str], snippets: dict[tuple[str, str, str], str], catalogue: str
) -> None:
    key = keys[catalogue]
    assert '"id":"rec_' in run("curl", snippets[catalogue, "create", "curl"], BOLTKEYS_KEY=key)
    assert "rec_" in run("python", snippets[catalogue, "sync", "python"], BOLTKEYS_KEY=key)


class Busy(BaseHTTPRequestHandler):
    """A server that has no time at first: it refuses one request as boltkeys does, and answers the next one."""

    requests: ClassVar[list[float]] = []

    def do_GET(self) -> None:
        self.requests.append(time.monotonic())
        is_first = len(self.requests) % 2 == 1
        body = {"code": "rate_limited", "detail": "Wait.", "request_id": "req_1", "retry_after": 1}
        self.send_response(429 if is_first else 200)
        if is_first:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(json.dumps(body if is_first else {"data": ["there"]}).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize("language", RUNNERS)
def test_wait_example_waits_as_it_is_told(
    server: Server, snippets: dict[tuple[str, str, str], str], language: str
) -> None:
    Busy.requests.clear()
    busy = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    Thread(target=busy.serve_forever, daemon=True).start()
    code = snippets["boltcall", "wait", language].replace(server.url, f"http://127.0.0.1:{busy.server_port}")
    assert "there" in run(language, code, BOLTKEYS_KEY="sk_live_x")
    busy.shutdown()
    busy.server_close()
    first, second = Busy.requests
    assert second - first >= 1


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_wait_example_says_what_is_the_matter(snippets: dict[tuple[str, str, str], str], language: str) -> None:
    command = [*RUNNERS[language], snippets["boltcall", "wait", language]]
    environ = os.environ | {"BOLTKEYS_KEY": "sk_live_wrong"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0 and "malformed: This is not an API key" in done.stderr


def test_tabs_choose_the_language_everywhere_and_work_without_script(page: Page) -> None:
    page.goto("/docs")
    first, create = (page.locator(f"fieldset[data-example={name}]") for name in ("first", "create"))
    assert first.locator("pre:visible").inner_text().startswith("curl")
    first.get_by_text("Python", exact=True).first.click()
    assert first.locator("pre:visible").inner_text().startswith("import json")
    has_script = page.evaluate("document.documentElement.dataset.scripted === ''")
    assert create.locator("pre:visible").inner_text().startswith("import json" if has_script else "curl")
    page.reload()
    assert first.locator("pre:visible").count() == 1


def test_code_of_a_problem_is_an_address(page: Page, server: Server) -> None:
    problem = server.call("/v1/leads").json()
    page.goto(problem["type"])
    assert page.locator(":target dt").inner_text().startswith("unauthenticated")
