"""What programs that nobody here wrote say about the pages: axe about accessibility, the Nu checker about HTML."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PASSWORD, sign_in
from tests.server import Server

ROOT = Path(__file__).parent.parent.parent
NU = ROOT / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
PROJECT = "/projects/judged/"
KEYS = f"{PROJECT}api-keys/"
BOXES = "/projects/judged-calls/api-keys/"
FIELDS = "/projects/judged-sales/fields/"
WEBHOOKS = f"{PROJECT}webhooks/"
VIEWS = {"narrow-dark": (360, "dark")} if settings.REDIS_URL else {"wide-light": (1440, "light")}
"""One for each profile: both widths and both themes are looked at."""


@dataclass
class Judge:
    """Looks at the states of a page one after the other, and keeps their HTML."""

    page: Page
    width: int
    folder: Path
    faults: list[str] = field(default_factory=list)

    def look(self, state: str) -> None:
        self.page.wait_for_load_state()
        self.page.wait_for_timeout(150)  # messages are put in anew, so that they are read out
        for fault in Axe().run(self.page).response["violations"]:
            self.faults.append(f"{state}: {fault['id']}: {[node['html'][:200] for node in fault['nodes'][:3]]}")
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > self.width:
            self.faults.append(f"{state}: {wide} pixels wide")
        (self.folder / f"{state}.html").write_text(self.page.content())

    def open(self, state: str, path: str) -> None:
        self.page.goto(path)
        self.look(state)

    def click(self, state: str, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()
        self.look(state)


@pytest.fixture(scope="module")
def key_id(server: Server) -> str:
    """A project with an active key and one that was revoked."""
    server.manage(
        "create_project", "--name", "Judged", "--catalogue", "voice", "--admin", "judge@example.com",
        "--password-env", "JUDGE", JUDGE=PASSWORD,
    )  # fmt: skip
    server.manage(
        "create_project", "--name", "Judged Calls", "--catalogue", "boltcall", "--admin", "judge@example.com"
    )  # fmt: skip
    _sales(server)
    for view in VIEWS:
        server.manage("create_key", "--project", "judged-calls", "--name", view, "--grant", "leads:read")
    server.manage("add_member", "--project", "judged", "--email", "partner@example.com", "--role", "partner")
    made = [
        server.manage("create_key", "--project", "judged", "--name", name, "--grant", "calls:read")
        for name in ("Website", "Old website")
    ]
    server.call("/v1/calls", key=made[0]["secret_key"])
    server.manage("revoke_key", made[1]["id"], "--reason", "leaked")
    return str(made[0]["id"])


def _sales(server: Server) -> None:
    """A project with a board, and more cards in a column than are shown."""
    server.manage("create_project", "--name", "Judged Sales", "--catalogue", "bolten", "--admin", "judge@example.com")
    key = server.manage("create_key", "--project", "judged-sales", "--name", "Form", "--unrestricted")["secret_key"]
    for number in range(25):
        deal = {"title": f"Roof {number}", "contact": "Ann, who has a long name and a title", "value": number * 1000}
        staged = {"stage": "new"} if number else {}
        server.call("/v1/opportunities", key=key, method="POST", body={**deal, **staged})


@pytest.fixture(params=VIEWS, ids=str)
def judge(
    request: pytest.FixtureRequest, browser: Browser, server: Server, key_id: str, tmp_path: Path
) -> Iterator[Judge]:
    width, theme = VIEWS[request.param]
    context = browser.new_context(
        base_url=server.url,
        viewport={"width": width, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
        timezone_id="Europe/Berlin",
    )
    context.set_default_timeout(10_000)
    yield Judge(context.new_page(), width, tmp_path)
    context.close()


def test_axe_and_nu_find_nothing(judge: Judge, key_id: str) -> None:
    judge.open("sign-in", "/accounts/login/")
    judge.open("reset", "/accounts/password/reset/")
    judge.open("docs", "/docs?catalogue=voice#missing_scope")
    judge.open("docs-operations", "/docs?catalogue=boltly#operations")
    judge.open("docs-unknown", "/docs?catalogue=nowhere")
    sign_in(judge.page, "judge@example.com")
    judge.page.wait_for_url(lambda url: "/accounts/" not in url)
    for walk in (_project, _lists, _create, _rotate, _delete, _revoke, _webhooks, _board, _fields, _own_keys):
        walk(judge, key_id)
    assert judge.faults == []
    assert _nu(judge.folder) == ""


def _project(judge: Judge, key_id: str) -> None:
    judge.open("overview", PROJECT)
    judge.open("team", f"{PROJECT}team/")
    judge.open("audit", f"{PROJECT}audit/")
    judge.open("password", "/accounts/password/change/")
    judge.open("not-found", "/projects/nowhere/")


def _lists(judge: Judge, key_id: str) -> None:
    judge.open("keys", KEYS)
    if judge.width < 500:
        judge.click("navigation", "Navigation")
        judge.page.keyboard.press("Escape")
    judge.open("keys-none-found", f"{KEYS}?q=zebra")
    judge.open("ended", f"{KEYS}revoked/")
    judge.open("ended-none-found", f"{KEYS}revoked/?cause=expired")
    judge.open("key", f"{KEYS}{key_id}/?window=24h")


def _create(judge: Judge, key_id: str) -> None:
    page = judge.page
    judge.open("name", f"{KEYS}new/")
    judge.click("name-wrong", "Continue")
    page.get_by_label("Name", exact=True).fill(f"Judged {judge.folder.name}")
    judge.click("expiry", "Continue")
    page.get_by_role("radio", name="Custom").check()
    judge.click("expiry-wrong", "Continue")
    page.get_by_role("radio", name="30 days").check()
    judge.click("permissions", "Continue")
    judge.click("permissions-wrong", "Continue")
    page.get_by_role("switch", name="Restrict key").uncheck()
    judge.look("permissions-unrestricted")
    judge.click("review-unrestricted", "Continue")
    page.go_back()
    page.get_by_role("switch", name="Restrict key").check()
    judge.click("permissions-chosen", "Read everything")
    judge.click("review", "Continue")
    judge.click("secret", "Create key")
    page.get_by_role("link", name="Done").click()
    judge.look("secret-leaving")
    page.get_by_role("link", name="Leave without the key").click()
    page.wait_for_url(f"**{KEYS}")


def _rotate(judge: Judge, key_id: str) -> None:
    page, name = judge.page, f"Judged {judge.folder.name}"
    page.get_by_role("link", name=name).click()
    page.wait_for_url("**/key_*/")
    address = page.url
    judge.open("rotate-page", f"{address}rotate/")
    page.goto(address)
    page.get_by_role("button", name=f"Rotate {name}").click()
    page.get_by_role("dialog").wait_for()
    judge.look("rotate")
    judge.click("rotated-secret", "Rotate key")
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Leave without the key").click()
    judge.open("keys-with-rotated", KEYS)
    judge.open("rotated-key", address)
    judge.open("rotated-already", f"{address}rotate/")


def _delete(judge: Judge, key_id: str) -> None:
    page = judge.page
    judge.open("delete-page", f"{KEYS}{key_id}/delete/")
    page.goto(KEYS)
    heading = page.get_by_role("rowheader", name=f"Judged {judge.folder.name}", exact=True)
    row = page.get_by_role("row").filter(has=heading)
    row.get_by_role("button", name="Actions").click()
    judge.look("actions")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").wait_for()
    judge.look("delete")
    judge.click("deleted", "Delete key")


def _revoke(judge: Judge, key_id: str) -> None:
    page = judge.page
    judge.open("boxes", f"{BOXES}new/?step=permissions&name=x&scope=leads:read")
    judge.open("keys-with-revoke", BOXES)
    page.get_by_role("button", name=re.compile("^Revoke ")).first.click()
    page.get_by_role("dialog").wait_for()
    judge.look("revoke")
    judge.click("revoke-wrong", "Revoke key")
    page.get_by_label("Reason").select_option("unused")
    judge.click("revoked", "Revoke key")


def _webhooks(judge: Judge, key_id: str) -> None:
    page = judge.page
    judge.open("webhooks", WEBHOOKS)
    judge.open("webhook-new", f"{WEBHOOKS}new/")
    judge.click("webhook-wrong", "Create webhook")
    page.get_by_label("URL", exact=True).fill("https://hooks.example.invalid/a/rather/long/path/of/a/receiver")
    page.get_by_label("Agents: created").check()
    judge.click("webhook-secret", "Create webhook")
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Leave without the secret").click()
    page.wait_for_url("**/whk_*/")
    judge.look("webhook")
    page.get_by_text("Actions", exact=True).click()
    judge.click("webhook-rotate", "Rotate secret…")
    page.keyboard.press("Escape")
    judge.click("webhook-delivery", "Send test event")
    page.get_by_text("The name of the host has no address.").first.wait_for()
    judge.look("webhook-delivery-failed")
    page.get_by_role("link", name="Webhook", exact=True).click()
    page.get_by_text("Failing", exact=True).wait_for()
    judge.look("webhook-failing")
    page.get_by_text("Actions", exact=True).click()
    page.get_by_role("button", name="Disable…").click()
    page.get_by_role("dialog").wait_for()
    judge.look("webhook-disable")
    judge.click("webhook-disabled", "Disable webhook")


def _board(judge: Judge, key_id: str) -> None:
    page = judge.page
    judge.open("board", "/projects/judged-sales/opportunities/")
    page.locator(".bk-move > summary").first.click()
    judge.look("board-menu")
    page.get_by_role("link", name="Show").first.click()
    page.locator(".bk-card").nth(24).wait_for()
    page.locator("form").filter(has=page.locator(".bk-move")).first.evaluate("form => { form.seen.value = 'null' }")
    page.locator(".bk-move > summary").first.press("ArrowRight")
    page.get_by_role("alert").wait_for()
    judge.look("board-moved-by-another")
    page.route("**/move/*", lambda route: route.fulfill(status=502, body="Bad Gateway"))
    page.locator(".bk-move > summary").first.press("ArrowRight")
    page.get_by_role("link", name="Reload the page").wait_for()
    judge.look("board-failed")
    page.unroute("**/move/*")
    page.locator("[data-open]").first.click()
    page.get_by_role("heading", name="Roof").wait_for()
    judge.look("board-record")


def _fields(judge: Judge, key_id: str) -> None:
    page = judge.page
    judge.open("fields", FIELDS)
    page.get_by_label("Type", exact=True).select_option(label="Single choice")
    judge.click("field-wrong", "Add field")
    judge.open("field", f"{FIELDS}opportunities/stage/edit/")
    page.locator("[data-field-form]").evaluate("form => { form.revision.value = '99' }")
    judge.click("field-changed-meanwhile", "Save changes")
    judge.open("field", f"{FIELDS}opportunities/stage/edit/")
    page.get_by_label("Options").fill("won")
    judge.click("field-option-held", "Save changes")
    judge.open("field-archive-page", f"{FIELDS}opportunities/source/archive/")
    page.goto(FIELDS)
    page.get_by_role("button", name="Archive Source").click()
    page.get_by_role("dialog").wait_for()
    judge.look("field-archive")
    judge.click("field-archived", "Archive field")
    page.get_by_role("button", name="Move Stage up").click()
    page.get_by_text("Moved to place 1 of 9.").wait_for(state="attached")
    judge.look("field-moved")
    page.get_by_role("button", name="Move Stage down").click()
    page.get_by_role("button", name="Restore Source").click()


def _own_keys(judge: Judge, key_id: str) -> None:
    page, name = judge.page, f"Own {judge.folder.name}"
    judge.open("own-keys", "/account/api-keys/")
    judge.open("partner-none", "/partner/")
    page.get_by_role("button", name="+ API Key").click()
    page.get_by_text("Restrict this key (optional)").click()
    judge.click("own-key-wrong", "Generate")
    page.get_by_label("Name", exact=True).fill(name)
    judge.click("own-secret", "Generate")
    page.get_by_role("link", name="Done").click()
    judge.look("own-secret-leaving")
    page.get_by_role("link", name="Leave without the key").click()
    page.wait_for_url("**/partner/")
    page.get_by_role("button", name=f"Rotate {name}").click()
    page.get_by_role("dialog").wait_for()
    judge.look("own-rotate")
    judge.click("own-rotated-secret", "Rotate key")
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Leave without the key").click()
    page.wait_for_url("**/partner/")
    judge.look("own-keys-with-rotated")
    page.get_by_role("button", name=f"Delete {name}").first.click()
    page.get_by_role("dialog").wait_for()
    judge.look("own-delete")
    judge.click("own-deleted", "Delete key")
    _grants(judge)


def _grants(judge: Judge) -> None:
    page = judge.page
    judge.open("team-with-partner", f"{PROJECT}team/")
    page.get_by_role("row", name="partner@example.com").get_by_text("Actions").click()
    page.get_by_role("link", name="Set permissions…").click()
    judge.look("grants")
    page.goto(f"{page.url}?preset=read&version=seen-before")
    judge.click("grants-changed-meanwhile", "Save permissions")
    judge.click("grants-saved", "Save permissions")
    page.locator("summary", has_text="Permissions").click()
    judge.click("invite-wrong", "Send invitation")
    page.get_by_label("Email").fill(f"{judge.folder.name}@example.com")
    judge.click("invited", "Send invitation")
    page.get_by_text("Actions for", exact=False).last.click()
    page.get_by_role("link", name="Set permissions…").click()
    judge.look("invitation-grants")


def _nu(folder: Path) -> str:
    """What the checker says, errors and warnings alike."""
    files = [str(file) for file in sorted(folder.glob("*.html"))]
    done = subprocess.run(["java", "-jar", str(NU), *files], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
