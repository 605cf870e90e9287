"""The board in a real browser: cards are dragged, moved by keys, and moved without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, Route, expect

from tests.browser.conftest import PASSWORD, sign_in
from tests.server import Server

BOARD = "/projects/board-sales/opportunities/"
OPPORTUNITIES = "/v1/opportunities"


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    server.manage(
        "create_project", "--name", "Board Sales", "--catalogue", "bolten", "--admin", "sales@example.com",
        "--password-env", "SALES", SALES=PASSWORD,
    )  # fmt: skip
    made = server.manage("create_key", "--project", "board-sales", "--name", "Form", "--unrestricted")
    server.manage("set_rate_limit", made["id"], "10000")
    return str(made["secret_key"])


@pytest.fixture
def context(browser: Browser, server: Server, key: str) -> Iterator[BrowserContext]:
    opened = browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 900}, has_touch=True)
    opened.set_default_timeout(10_000)
    yield opened
    opened.close()


@pytest.fixture
def sales(context: BrowserContext) -> Iterator[Page]:
    """Somebody who has signed in. Nothing may be written to the console as an error."""
    errors: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page, "sales@example.com")
    page.wait_for_url(lambda url: "/accounts/" not in url)
    yield page
    assert [e for e in errors if "status of 4" not in e and "net::ERR_FAILED" not in e and "502" not in e] == []


def add(server: Server, key: str, title: str, stage: str = "new") -> str:
    answer = server.call(OPPORTUNITIES, key=key, method="POST", body={"title": title, "stage": stage})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


def stage(server: Server, key: str, record: str) -> Any:
    return server.call(f"{OPPORTUNITIES}/{record}", key=key).json()["stage"]


def column(page: Page, name: str) -> Locator:
    """By what its heading begins with; how many cards there are follows."""
    return page.locator("section[data-column]").filter(has=page.get_by_role("heading", level=2, name=name))


def card(page: Page, record: str, inside: Locator | None = None) -> Locator:
    return (inside or page).locator(f"#{record}")


def middle(found: Locator) -> tuple[float, float]:
    box = found.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 200)


def test_card_is_dragged_to_another_column(sales: Page, server: Server, key: str) -> None:
    record = add(server, key, "Dragged")
    sales.goto(BOARD)
    sales.mouse.move(*middle(card(sales, record).get_by_role("heading")))
    sales.mouse.down()
    sales.mouse.move(*middle(column(sales, "Qualified")), steps=5)
    sales.mouse.move(*middle(column(sales, "Proposal")), steps=5)
    expect(column(sales, "Proposal")).to_have_attribute("data-over", "")
    assert stage(server, key, record) == "new", "nothing is sent before the card is let go"
    sales.mouse.up()
    expect(card(sales, record, column(sales, "Proposal"))).to_be_visible()
    expect(sales.locator("[data-announcer]")).to_have_text("“Dragged” is now in “Proposal”.")
    assert stage(server, key, record) == "proposal"
    assert sales.locator(".bk-ghost").count() == 0


def test_drag_that_ends_nowhere_or_by_escape_changes_nothing(sales: Page, server: Server, key: str) -> None:
    record = add(server, key, "Kept")
    sales.goto(BOARD)
    for is_escape in (True, False):
        sales.mouse.move(*middle(card(sales, record).get_by_role("heading")))
        sales.mouse.down()
        sales.mouse.move(*middle(column(sales, "Won")), steps=5)
        if is_escape:
            sales.keyboard.press("Escape")
        else:
            sales.mouse.move(5, 5)
        sales.mouse.up()
    expect(card(sales, record, column(sales, "New"))).to_be_visible()
    assert sales.locator(".bk-ghost, .bk-lifted, [data-over]").count() == 0
    assert stage(server, key, record) == "new"


def test_card_is_dragged_by_a_finger_on_its_grip(sales: Page, server: Server, key: str) -> None:
    record = add(server, key, "Touched")
    sales.goto(BOARD)
    _swipe(sales, middle(card(sales, record).locator("[data-grip]")), middle(column(sales, "Won")))
    expect(card(sales, record, column(sales, "Won"))).to_be_visible()
    assert stage(server, key, record) == "won"


def _swipe(page: Page, start: tuple[float, float], to: tuple[float, float]) -> None:
    finger = page.context.new_cdp_session(page)
    points = [(start[0] + (to[0] - start[0]) * n / 10, start[1] + (to[1] - start[1]) * n / 10) for n in range(11)]
    for n, (x, y) in enumerate(points):
        kind = "touchMove" if n else "touchStart"
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    finger.detach()


def test_card_is_moved_by_keys_and_keeps_the_focus(sales: Page, server: Server, key: str) -> None:
    record = add(server, key, "Keyed")
    sales.goto(BOARD)
    card(sales, record).locator("summary").focus()
    for _ in range(3):  # faster than the server answers
        sales.keyboard.press("ArrowRight")
    expect(card(sales, record, column(sales, "Negotiation"))).to_be_visible()
    sales.keyboard.press("ArrowLeft")
    expect(card(sales, record, column(sales, "Proposal"))).to_be_visible()
    expect(sales.locator("[data-announcer]")).to_have_text("“Keyed” is now in “Proposal”.")
    expect(card(sales, record).locator("summary")).to_be_focused()
    assert stage(server, key, record) == "proposal"
    for _ in range(3):
        sales.keyboard.press("ArrowLeft")
    expect(sales.locator("[data-announcer]")).to_have_text("This is the first column.")
    assert stage(server, key, record) == "new"


def test_column_is_chosen_in_the_menu(sales: Page, server: Server, key: str) -> None:
    record = add(server, key, "Chosen")
    sales.goto(BOARD)
    card(sales, record).locator("summary").press("Enter")
    card(sales, record).get_by_role("button", name="Move to Lost").press("Enter")
    expect(card(sales, record, column(sales, "Lost"))).to_be_visible()
    expect(card(sales, record).locator("summary")).to_be_focused()
    assert stage(server, key, record) == "lost"


def test_page_that_is_old_shows_what_others_did(sales: Page, server: Server, key: str) -> None:
    moved, gone = add(server, key, "Moved"), add(server, key, "Other")
    sales.goto(BOARD)
    server.call(f"{OPPORTUNITIES}/{moved}", key=key, method="PATCH", body={"stage": "lost"})
    server.call(f"{OPPORTUNITIES}/{gone}", key=key, method="PATCH", body={"stage": "won"})
    card(sales, moved).locator("summary").press("ArrowRight")
    expect(sales.get_by_role("alert")).to_contain_text("Somebody else has moved “Moved” meanwhile: it is in “Lost” now")
    expect(card(sales, moved, column(sales, "Lost"))).to_be_visible()
    expect(card(sales, gone, column(sales, "Won"))).to_be_visible()
    assert stage(server, key, moved) == "lost"


def test_move_that_does_not_arrive_is_told_of(sales: Page, server: Server, key: str) -> None:
    record = add(server, key, "Offline")
    sales.goto(BOARD)
    sales.route("**/move/*", lambda route: route.abort())
    card(sales, record).locator("summary").press("ArrowRight")
    expect(sales.get_by_role("alert")).to_contain_text("could not be reached, so that nothing was changed")
    expect(card(sales, record, column(sales, "New"))).to_be_visible()
    sales.unroute("**/move/*")
    card(sales, record).locator("summary").press("ArrowRight")
    expect(card(sales, record, column(sales, "Qualified"))).to_be_visible()
    expect(sales.get_by_role("alert")).to_have_count(0)


def refused(page: Page, record: str, says: str, link: str = "Reload the page") -> None:
    """The card is moved by a key, and stays with the whole board, and the focus on it."""
    card(page, record).locator("summary").press("ArrowRight")
    expect(page.get_by_role("alert")).to_contain_text(says)
    expect(page.get_by_role("alert").get_by_role("link", name=link)).to_have_attribute("href", BOARD)
    expect(card(page, record, column(page, "New"))).to_be_visible()
    expect(card(page, record).locator("summary")).to_be_focused()
    assert page.locator("[aria-busy]").count() == 0


def test_answer_without_a_board_leaves_the_board_and_says_why(sales: Page, server: Server, key: str) -> None:
    record = add(server, key, "Refused")
    sales.goto(BOARD)
    for status, body in ((502, "<h1>Bad Gateway</h1>"), (200, "<p>Buy more minutes</p>"), (204, "")):
        sales.route("**/move/*", partial(_answer, status=status, body=body))
        refused(sales, record, f"The card was probably not moved. The server answered with {status} and without")
        sales.unroute("**/move/*")
    sales.evaluate("document.querySelectorAll('[name=csrfmiddlewaretoken]').forEach(e => e.value = 'x'.repeat(64))")
    refused(sales, record, "The card was not moved. This form is no longer valid. Nothing was changed. It happens when")
    sales.goto(BOARD)
    sales.context.clear_cookies(name="boltkeys_session")
    refused(sales, record, "You are not signed in any more, so that the card was not moved.", "Sign in")
    assert stage(server, key, record) == "new"


def test_move_by_somebody_who_lost_the_right_says_which(sales: Page, server: Server, key: str) -> None:
    record = add(server, key, "Taken")
    _grant(server, "seller@example.com", "opportunities:read", "opportunities:write")
    sales.context.clear_cookies()
    sign_in(sales, "seller@example.com")
    sales.wait_for_url(lambda url: "/accounts/" not in url)
    sales.goto(BOARD)
    _grant(server, "seller@example.com", "opportunities:read")
    refused(sales, record, "In Board Sales this needs the permission Opportunities: Write, which an administrator can")
    assert stage(server, key, record) == "new"


def _answer(route: Route, request: Request, *, status: int, body: str) -> None:
    """What a proxy or a captive portal on the way answers."""
    route.fulfill(status=status, content_type="text/html", body=body)


def _grant(server: Server, email: str, *scopes: str) -> None:
    grants = [part for scope in scopes for part in ("--grant", scope)]
    arguments = ("--project", "board-sales", "--email", email, "--role", "member", "--password-env", "SALES")
    server.manage("add_member", *arguments, *grants, SALES=PASSWORD)


def test_more_cards_are_shown_in_place(sales: Page, server: Server, key: str) -> None:
    for number in range(25):
        add(server, key, f"Negotiated {number}", "negotiation")
    sales.goto(BOARD)
    cards = column(sales, "Negotiation").locator("[data-card]")
    expect(cards).to_have_count(20)
    column(sales, "Negotiation").get_by_role("link", name="Show 5 more").click()
    expect(cards).to_have_count(25)
    expect(cards.nth(20).locator("summary")).to_be_focused()
    cards.nth(24).locator("summary").press("ArrowRight")
    expect(cards).to_have_count(24)
    sales.reload()
    expect(cards).to_have_count(24)


def test_long_column_scrolls_below_its_name_within_the_window(sales: Page, server: Server, key: str) -> None:
    for number in range(12):
        add(server, key, f"Long {number}", "lost")
    for width, height in ((1440, 900), (360, 640)):
        sales.set_viewport_size({"width": width, "height": height})
        sales.goto(BOARD)
        lost = column(sales, "Lost")
        lost.locator("[data-card]").last.scroll_into_view_if_needed()
        expect(lost.get_by_role("heading", level=2)).to_be_in_viewport(ratio=1)
        assert lost.locator("[data-scroll]").evaluate("list => list.scrollTop") > 0
        assert sales.evaluate("document.documentElement.scrollHeight") == height, "only columns scroll"


def test_card_opens_by_a_click_and_by_the_keyboard_and_a_drag_opens_nothing(
    sales: Page, server: Server, key: str
) -> None:
    record = add(server, key, "Opened")
    sales.goto(BOARD)
    link = card(sales, record).get_by_role("link", name="Opened")
    x, y = middle(link)
    sales.mouse.move(x, y)
    sales.mouse.down()
    sales.mouse.move(x + 9, y, steps=3)
    sales.mouse.up()
    expect(sales).to_have_url(re.compile("opportunities/$"))
    link.press("Enter")
    expect(sales.get_by_role("heading", level=1)).to_have_text("Opened")
    sales.get_by_role("main").get_by_role("link", name="Opportunities").click()
    expect(card(sales, record)).to_be_in_viewport()
    link.click()
    expect(sales).to_have_url(re.compile(f"{record}/$"))


def test_card_is_moved_without_a_script(browser: Browser, server: Server, key: str) -> None:
    record = add(server, key, "Plain")
    context = browser.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, "sales@example.com")
    page.goto(BOARD)
    card(page, record).locator("summary").click()
    card(page, record).get_by_role("button", name="Move to Won").click()
    expect(page.get_by_role("status")).to_contain_text(["“Plain” is now in “Won”."])
    expect(card(page, record, column(page, "Won"))).to_be_visible()
    assert stage(server, key, record) == "won"
    context.close()
