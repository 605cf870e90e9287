"""The pages about keys in a real browser: keyboard, Back button, dialogs, time zones, and what is left of a secret."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Error, Page, expect

from tests.browser.conftest import sign_in
from tests.chromium import EXECUTABLE, FLAGS
from tests.server import Server

KEYS = "/projects/acme-calls/api-keys/"
REVIEW = f"{KEYS}new/?step=review&scope=leads:read&name="


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    made = browser.new_context(base_url=server.url, timezone_id="America/New_York")
    made.set_default_timeout(10_000)
    made.grant_permissions(["clipboard-read", "clipboard-write"])
    yield made
    made.close()


@pytest.fixture
def alice(context: BrowserContext) -> Page:
    page = context.new_page()
    sign_in(page)
    page.wait_for_url("**/projects/acme-calls/")
    return page


def new_name() -> str:
    return f"Site {uuid.uuid4().hex[:10]}"


def make(page: Page, name: str) -> str:
    """Creates a key that reads leads, and stays on the page that shows its secret."""
    page.goto(REVIEW + name)
    page.get_by_role("button", name="Create key").click()
    return page.get_by_test_id("secret").inner_text()


def rows(page: Page, name: str) -> int:
    page.goto(f"{KEYS}?q={name}")
    return page.get_by_role("row", name=name).count()


def test_copy_button_copies_and_says_so(alice: Page) -> None:
    secret = make(alice, new_name())
    alice.get_by_role("button", name="Copy key").click()
    expect(alice.get_by_role("button", name="Copied")).to_be_visible()
    expect(alice.get_by_role("status")).to_have_text("Copied to the clipboard")
    assert alice.evaluate("navigator.clipboard.readText()") == secret
    alice.get_by_role("button", name="Copy command").click()
    assert alice.evaluate("navigator.clipboard.readText()") == (
        f'curl -H "Authorization: Bearer {secret}" {alice.url.split("/projects")[0]}/v1/leads'
    )


def test_leaving_without_having_copied_asks_first(alice: Page) -> None:
    make(alice, new_name())
    alice.get_by_role("link", name="Done").click()
    question = alice.get_by_role("dialog")
    expect(question).to_contain_text("You have not copied the key")
    question.get_by_role("button", name="Stay here").click()
    expect(question).to_be_hidden()
    expect(alice.get_by_test_id("secret")).to_be_visible()

    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    alice.once("dialog", stay)
    alice.get_by_role("link", name="Overview").click()
    alice.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    expect(alice.get_by_test_id("secret")).to_be_visible()


def test_leaving_after_copying_asks_nothing(alice: Page) -> None:
    make(alice, new_name())
    alice.get_by_role("button", name="Copy key").click()
    alice.get_by_role("link", name="Done").click()
    alice.wait_for_url(f"**{KEYS}")


def test_copying_by_hand_counts(alice: Page) -> None:
    make(alice, new_name())
    alice.get_by_test_id("secret").click()
    alice.keyboard.press("Control+C")
    alice.get_by_role("link", name="Done").click()
    alice.wait_for_url(f"**{KEYS}")


def test_back_button_does_not_bring_the_secret_back(browser: Browser, server: Server) -> None:
    """In a browser that keeps whole pages for the Back button, which Playwright's switches off."""
    keeping = browser.browser_type.launch(
        executable_path=EXECUTABLE, args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
    )
    page = keeping.new_page(base_url=server.url)
    sign_in(page)
    name = new_name()
    secret = make(page, name)
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Leave without the key").click()
    page.wait_for_url(f"**{KEYS}")
    with suppress(Error):  # net::ERR_CACHE_MISS: the browser has kept nothing, and asks whether to send the form again
        page.go_back(timeout=5_000)
    page.wait_for_timeout(500)
    assert secret not in page.content()
    assert rows(page, name) == 1
    keeping.close()


def test_secret_is_wiped_when_the_page_is_left(alice: Page) -> None:
    secret = make(alice, new_name())
    alice.wait_for_load_state()  # scripts run once the page is there
    alice.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    assert secret not in alice.content()


def test_double_click_makes_one_key_and_shows_it(alice: Page) -> None:
    name = new_name()
    alice.goto(REVIEW + name)
    alice.get_by_role("button", name="Create key").dblclick()
    expect(alice.get_by_test_id("secret")).to_be_visible()
    alice.get_by_role("button", name="Copy key").click()
    assert rows(alice, name) == 1


def test_reload_makes_no_second_key(alice: Page) -> None:
    name = new_name()
    secret = make(alice, name)
    alice.get_by_role("button", name="Copy key").click()
    alice.reload()
    expect(alice.get_by_role("heading", name=name, exact=True)).to_be_visible()
    assert secret not in alice.content()
    assert rows(alice, name) == 1


def test_back_and_forward_keep_what_was_typed(page: Page) -> None:
    name = new_name()
    sign_in(page)
    page.goto(f"{KEYS}new/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("radio", name="90 days").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("checkbox", name="Calls: Read").check()

    page.go_back()
    expect(page.get_by_role("radio", name="90 days")).to_be_checked()
    page.go_back()
    expect(page.get_by_label("Name", exact=True)).to_have_value(name)
    page.go_forward()
    expect(page.get_by_role("radio", name="90 days")).to_be_checked()
    page.go_forward()
    expect(page.get_by_role("checkbox", name="Calls: Read")).to_be_checked()

    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("radio", name="90 days")).to_be_checked()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("checkbox", name="Calls: Read")).to_be_checked()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("main")).to_contain_text("Calls: read")


def test_address_holds_what_is_typed_and_no_token(alice: Page) -> None:
    alice.goto(f"{KEYS}new/")
    alice.get_by_label("Name", exact=True).fill("Website")
    alice.wait_for_url("**?*name=Website*")
    assert "csrf" not in alice.url
    alice.reload()
    expect(alice.get_by_label("Name", exact=True)).to_have_value("Website")
    alice.get_by_label("Name", exact=True).fill("x" * 10_000)
    alice.get_by_role("button", name="Continue").click()
    expect(alice.get_by_role("alert")).to_have_text("The name may have at most 80 characters.")
    assert len(alice.url) < 1_000


def test_enter_means_continue(page: Page) -> None:
    sign_in(page)
    page.goto(f"{KEYS}new/")
    page.get_by_label("Name", exact=True).fill(new_name())
    page.keyboard.press("Enter")
    page.get_by_role("radio", name="No expiry").focus()
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="Calls: Read").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Create key")).to_be_visible()


def test_presets_work_with_and_without_script(page: Page) -> None:
    sign_in(page)
    page.goto(f"{KEYS}new/?step=permissions&name={new_name()}")
    page.get_by_role("checkbox", name="Leads: Write").check()
    page.get_by_role("button", name="Read everything").click()
    expect(page.get_by_role("checkbox", name="Analytics: Read")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Leads: Write")).not_to_be_checked()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("checkbox", name="Analytics: Read")).not_to_be_checked()


def test_custom_expiry_is_in_the_zone_of_the_browser(alice: Page) -> None:
    alice.goto(f"{KEYS}new/?step=expiry&name={new_name()}")
    expect(alice.get_by_label("Expiry date and time")).to_be_hidden()
    alice.get_by_role("radio", name="Custom").check()
    alice.get_by_label("Expiry date and time").fill("2030-07-01T10:00")
    expect(alice.get_by_text("That is 1 Jul 2030, 14:00 UTC.")).to_be_visible()
    alice.get_by_role("button", name="Continue").click()
    alice.get_by_role("checkbox", name="Calls: Read").check()
    alice.get_by_role("button", name="Continue").click()
    expect(alice.get_by_role("main")).to_contain_text("1 Jul 2030, 10:00 America/New_York = 1 Jul 2030, 14:00 UTC")


def test_past_date_is_refused_beside_its_field(page: Page) -> None:
    sign_in(page)
    page.goto(f"{KEYS}new/?step=expiry&name={new_name()}")
    page.get_by_role("radio", name="Custom").check()
    page.get_by_label("Expiry date and time").fill("2001-01-01T10:00")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_have_text("The expiry must be in the future.")
    expect(page.get_by_label("Expiry date and time")).to_have_accessible_description(
        re.compile("must be in the future")
    )
    expect(page.get_by_label("Expiry date and time")).to_have_value("2001-01-01T10:00")


def test_list_follows_what_is_typed(alice: Page) -> None:
    names = [new_name(), new_name()]
    for name in names:
        make(alice, name)
        alice.get_by_role("button", name="Copy key").click()
    alice.goto(KEYS)
    alice.keyboard.press("/")
    expect(alice.get_by_label("Search by name, mask or ID")).to_be_focused()
    alice.keyboard.type(names[0])
    expect(alice.get_by_role("row", name=names[1])).to_have_count(0)
    expect(alice.get_by_role("row", name=names[0])).to_have_count(1)
    expect(alice.get_by_role("status")).to_have_text("1 key")
    assert "q=Site+" in alice.url or "q=Site%20" in alice.url


def test_list_of_somebody_who_was_signed_out_leads_to_the_sign_in_page(alice: Page) -> None:
    alice.goto(KEYS)
    alice.context.clear_cookies()
    alice.get_by_label("Search by name, mask or ID").fill("site")
    alice.wait_for_url("**/accounts/login/**")
    expect(alice.get_by_role("button", name="Sign in")).to_be_visible()


def test_dialog_of_somebody_who_was_signed_out_leads_to_the_sign_in_page(alice: Page) -> None:
    name = new_name()
    make(alice, name)
    alice.get_by_role("button", name="Copy key").click()
    alice.goto(KEYS)
    alice.context.clear_cookies()
    alice.get_by_role("button", name=f"Revoke {name}").click()
    alice.wait_for_url("**/accounts/login/**")


def test_secret_that_is_pasted_into_the_search_stays_in_the_browser(alice: Page) -> None:
    name = new_name()
    secret = make(alice, name)
    alice.get_by_role("button", name="Copy key").click()
    sent: list[str] = []
    alice.on("request", lambda request: sent.append(request.url))
    alice.goto(KEYS)
    alice.get_by_label("Search by name, mask or ID").fill(secret)
    expect(alice.get_by_label("Search by name, mask or ID")).to_have_value(secret[-4:])
    expect(alice.get_by_role("row")).to_have_count(2)
    expect(alice.get_by_role("row", name=name)).to_be_visible()
    assert not any(secret in url for url in sent)


def test_list_is_searched_and_sorted_without_script(page: Page) -> None:
    sign_in(page)
    page.goto(KEYS)
    if page.get_by_role("button", name="Search").is_hidden():
        return
    page.get_by_label("Search by name, mask or ID").fill("no such key")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("No active key matches")).to_be_visible()


def test_dialog_closes_by_escape_and_gives_the_focus_back(alice: Page) -> None:
    name = new_name()
    make(alice, name)
    alice.get_by_role("button", name="Copy key").click()
    alice.goto(KEYS)
    button = alice.get_by_role("button", name=f"Revoke {name}")
    button.focus()
    alice.keyboard.press("Enter")
    expect(alice.get_by_role("dialog")).to_contain_text(f"Revoke “{name}”?")
    expect(alice.get_by_role("dialog").get_by_label("Reason")).to_be_focused()
    alice.keyboard.press("Escape")
    expect(alice.get_by_role("dialog")).to_be_hidden()
    expect(button).to_be_focused()


def test_reason_is_asked_for_beside_its_field(page: Page) -> None:
    name = new_name()
    sign_in(page)
    make(page, name)
    if page.get_by_role("button", name="Copy key").is_visible():
        page.get_by_role("button", name="Copy key").click()
    page.goto(KEYS)
    page.get_by_role("button", name=f"Revoke {name}").click()
    page.get_by_role("button", name="Revoke key").click()
    expect(page.get_by_role("alert")).to_have_text("Choose a reason.")
    page.get_by_label("Reason").select_option("other")
    page.get_by_role("button", name="Revoke key").click()
    expect(page.get_by_role("alert")).to_have_text("Say in a few words why the key is revoked.")
    page.get_by_label("Note").fill("Contract ended")
    page.get_by_role("button", name="Revoke key").click()
    expect(page.get_by_text(f"“{name}” is revoked.")).to_be_visible()


def test_panel_stays_folded(alice: Page) -> None:
    alice.goto(KEYS)
    panel = alice.locator("#good-practice")
    expect(panel).to_have_attribute("open", "")
    panel.locator("summary").click()
    alice.reload()
    expect(panel).not_to_have_attribute("open", "")


def test_theme_is_chosen_and_kept(alice: Page) -> None:
    alice.goto(KEYS)
    alice.get_by_role("button", name="Dark mode").click()
    expect(alice.locator("html")).to_have_attribute("data-bs-theme", "dark")
    alice.reload()
    expect(alice.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(alice.get_by_role("button", name="Light mode")).to_be_visible()


def test_navigation_opens_on_narrow_screens(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page)
    page.goto(KEYS)
    link = page.get_by_role("link", name="Team")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Navigation").click()
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()


@pytest.mark.parametrize("width", [360, 700])
def test_long_name_keeps_clear_of_the_action_beside_it(alice: Page, server: Server, width: int) -> None:
    name = f"Supplier-invoices-and-everything-else-that-comes-from-the-old-system-{width}"
    server.manage("create_key", "--project", "acme-calls", "--name", name, "--grant", "leads:read")
    alice.set_viewport_size({"width": width, "height": 740})
    alice.goto(KEYS)
    row = alice.get_by_role("row").filter(has=alice.get_by_role("rowheader", name=name))
    text = row.get_by_role("link", name=name).bounding_box()
    button = row.get_by_role("button").first.bounding_box()
    assert text and button
    is_beside = text["x"] + text["width"] <= button["x"]
    is_below = text["y"] >= button["y"] + button["height"]
    assert is_beside or is_below, (text, button)
