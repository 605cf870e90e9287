"""The board in a real browser: cards are dragged, moved by keys, and moved without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

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
    assert [e for e in errors if "status of 4" not in e and "net::ERR_FAILED" not in e] == []


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
    sales.mouse.move(*middle(column(sales, "qualified")), steps=5)
    sales.mouse.move(*middle(column(sales, "proposal")), steps=5)
    expect(column(sales, "proposal")).to_have_attribute("data-over", "")
    assert stage(server, key, record) == "new", "nothing is sent before the card is let go"
    sales.mouse.up()
    expect(card(sales, record, column(sales, "proposal"))).to_be_visible()
    expect(sales.locator("[data-announcer]")).to_have_text("“Dragged” is now in “proposal”.")
    assert stage(server, key, record) == "proposal"
    assert sales.locator(".bk-ghost").count() == 0


def test_drag_that_ends_nowhere_or_by_escape_changes_nothing(sales: Page, server: Server, key: str) -> None:
    record = add(server, key, "Kept")
    sales.goto(BOARD)
    for is_escape in (True, False):
        sales.mouse.move(*middle(card(sales, record).get_by_role("heading")))
        sales.mouse.down()
        sales.mouse.move(*middle(column(sales, "won")), steps=5)
        if is_escape:
            sales.keyboard.press("Escape")
        else:
            sales.mouse.move(5, 5)
        sales.mouse.up()
    expect(card(sales, record, column(sales, "new"))).to_be_visible()
    assert sales.locator(".bk-ghost, .bk-lifted, [data-over]").count() == 0
    assert stage(server, key, record) == "new"


def test_card_is_dragged_by_a_finger_on_its_grip(sales: Page, server: Server, key: str) -> None:
    record = add(server, key, "Touched")
    sales.goto(BOARD)
    _swipe(sales, middle(card(sales, record).locator("[data-grip]")), middle(column(sales, "won")))
    expect(card(sales, record, column(sales, "won"))).to_be_visible()
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
    expect(card(sales, record, column(sales, "negotiation"))).to_be_visible()
    sales.keyboard.press("ArrowLeft")
    expect(card(sales, record, column(sales, "proposal"))).to_be_visible()
    expect(sales.locator("[data-announcer]")).to_have_text("“Keyed” is now in “proposal”.")
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
    card(sales, record).get_by_role("button", name="Move to lost").press("Enter")
    expect(card(sales, record, column(sales, "lost"))).to_be_visible()
    expect(card(sales, record).locator("summary")).to_be_focused()
    assert stage(server, key, record) == "lost"


def test_page_that_is_old_shows_what_others_did(sales: Page, server: Server, key: str) -> None:
    moved, gone = add(server, key, "Moved"), add(server, key, "Other")
    sales.goto(BOARD)
    server.call(f"{OPPORTUNITIES}/{moved}", key=key, method="PATCH", body={"stage": "lost"})
    server.call(f"{OPPORTUNITIES}/{gone}", key=key, method="PATCH", body={"stage": "won"})
    card(sales, moved).locator("summary").press("ArrowRight")
    expect(sales.get_by_role("alert")).to_contain_text("Somebody else has moved “Moved” meanwhile: it is in “lost” now")
    expect(card(sales, moved, column(sales, "lost"))).to_be_visible()
    expect(card(sales, gone, column(sales, "won"))).to_be_visible()
    assert stage(server, key, moved) == "lost"


def test_move_that_does_not_arrive_is_told_of(sales: Page, server: Server, key: str) -> None:
    record = add(server, key, "Offline")
    sales.goto(BOARD)
    sales.route("**/move/*", lambda route: route.abort())
    card(sales, record).locator("summary").press("ArrowRight")
    expect(sales.get_by_role("alert")).to_contain_text("could not be reached, so that nothing was changed")
    expect(card(sales, record, column(sales, "new"))).to_be_visible()
    sales.unroute("**/move/*")
    card(sales, record).locator("summary").press("ArrowRight")
    expect(card(sales, record, column(sales, "qualified"))).to_be_visible()
    expect(sales.get_by_role("alert")).to_have_count(0)


def test_more_cards_are_shown_in_place(sales: Page, server: Server, key: str) -> None:
    for number in range(25):
        add(server, key, f"Negotiated {number}", "negotiation")
    sales.goto(BOARD)
    cards = column(sales, "negotiation").locator("[data-card]")
    expect(cards).to_have_count(20)
    column(sales, "negotiation").get_by_role("link", name="Show 5 more").click()
    expect(cards).to_have_count(25)
    expect(cards.nth(20).locator("summary")).to_be_focused()
    cards.nth(24).locator("summary").press("ArrowRight")
    expect(cards).to_have_count(24)
    sales.reload()
    expect(cards).to_have_count(24)


def test_card_is_moved_without_a_script(browser: Browser, server: Server, key: str) -> None:
    record = add(server, key, "Plain")
    context = browser.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, "sales@example.com")
    page.goto(BOARD)
    card(page, record).locator("summary").click()
    card(page, record).get_by_role("button", name="Move to won").click()
    expect(page.get_by_role("status")).to_contain_text(["“Plain” is now in “won”."])
    expect(card(page, record, column(page, "won"))).to_be_visible()
    assert stage(server, key, record) == "won"
    context.close()
