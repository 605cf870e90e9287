"""Bob, a member, and carol, a partner, have keys of their own; alice decides what these may do."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import PASSWORD, sign_in
from tests.server import Server

OWN = "/account/api-keys/"


@pytest.fixture(scope="module", autouse=True)
def projects(server: Server) -> None:
    """Two clients of carol's, one of which bob works for."""
    for name in ("Client one", "Client two"):
        server.manage("create_project", "--name", name, "--catalogue", "bolten", "--admin", "alice@example.com")
        slug = name.lower().replace(" ", "-")
        server.manage(
            "add_member", "--project", slug, "--email", "carol@example.com", "--role", "partner",
            "--password-env", "CAROL", CAROL=PASSWORD,
        )  # fmt: skip
    server.manage("add_member", "--project", "client-one", "--email", "bob@example.com", "--role", "member")


def read(server: Server, secret: str, project: str = "client-one") -> int:
    return server.call("/v1/contacts", key=secret, X_Project=project).status


def generate(page: Page, name: str, path: str = OWN) -> str:
    page.goto(path)
    page.get_by_role("button", name="+ API Key").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Generate").click()
    return page.get_by_test_id("secret").inner_text().strip()


def test_key_follows_what_its_owner_may_until_it_is_deleted(
    page: Page, browser: Browser, server: Server, request: pytest.FixtureRequest
) -> None:
    name = f"Export {request.node.callspec.id}"
    sign_in(page, "bob@example.com")
    page.wait_for_url(f"{server.url}/")
    secret = generate(page, name)
    answers = [read(server, secret)]
    for preset in ("Everything", "Nothing", "Read only"):
        _set_permissions(browser, server, preset)
        answers.append(read(server, secret))
    assert answers == [403, 200, 403, 200]
    page.goto(OWN)
    page.get_by_role("button", name=f"Delete {name}").click()
    page.get_by_role("button", name="Delete key").click()
    expect(page.get_by_role("status").filter(has_text=f"“{name}” is deleted.").first).to_be_visible()
    expect(page.get_by_role("rowheader", name=name)).to_have_count(0)
    assert read(server, secret) == 401
    _set_permissions(browser, server, "Nothing")


def _set_permissions(browser: Browser, server: Server, preset: str) -> None:
    """Alice, in a browser of her own."""
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    sign_in(page)
    page.goto("/projects/client-one/team/")
    page.get_by_role("row", name="bob@example.com").get_by_text("Actions").click()
    page.get_by_role("link", name="Set permissions…").click()
    page.get_by_role("button", name=preset).click()
    page.get_by_role("button", name="Save permissions").click()
    page.get_by_text("It holds from the next request on.").first.wait_for()
    context.close()


def test_partner_makes_a_key_in_the_partner_area_for_all_clients(
    page: Page, server: Server, request: pytest.FixtureRequest
) -> None:
    for slug in ("client-one", "client-two"):
        server.manage(
            "add_member", "--project", slug, "--email", "carol@example.com", "--role", "partner",
            "--grant", "contacts:read",
        )  # fmt: skip
    sign_in(page, "carol@example.com")
    page.wait_for_url(f"{server.url}/")
    secret = generate(page, f"Sync {request.node.callspec.id}", "/partner/")
    clients = page.get_by_role("region", name="Client projects")
    assert clients.get_by_role("heading", level=3).all_inner_texts() == ["Client one", "Client two"]
    assert [read(server, secret, slug) for slug in ("client-one", "client-two", "acme-calls")] == [200, 200, 404]


def test_restricted_key_does_no_more_than_was_ticked(
    page: Page, server: Server, request: pytest.FixtureRequest
) -> None:
    sign_in(page)
    page.wait_for_url(f"{server.url}/")
    page.goto(OWN)
    page.get_by_role("button", name="+ API Key").click()
    page.get_by_label("Name", exact=True).fill(f"Narrow {request.node.callspec.id}")
    page.get_by_text("Restrict this key (optional)").click()
    page.get_by_label("Opportunities: Read").check()
    page.get_by_role("button", name="Generate").click()
    secret = page.get_by_test_id("secret").inner_text().strip()
    assert read(server, secret) == 403
    assert server.call("/v1/opportunities", key=secret, X_Project="client-one").status == 200


@pytest.fixture
def scripted(browser: Browser, server: Server) -> BrowserContext:
    context = browser.new_context(base_url=server.url, permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(10_000)
    return context


def test_click_on_the_value_copies_it_and_leaving_wipes_it(scripted: BrowserContext) -> None:
    page = scripted.new_page()
    sign_in(page, "bob@example.com")
    page.wait_for_url("**/")
    secret = generate(page, "Copied")
    page.get_by_role("link", name="Done").click()
    page.get_by_role("button", name="Stay here").click()  # it has not been copied
    page.get_by_test_id("secret").click()
    expect(page.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_role("link", name="Done").click()
    page.wait_for_url(f"**{OWN}")
    page.go_back()
    assert secret not in page.content()
    scripted.close()


def test_button_opens_the_field_in_place_and_focuses_it(scripted: BrowserContext) -> None:
    page = scripted.new_page()
    sign_in(page, "bob@example.com")
    page.wait_for_url("**/")
    page.goto(OWN)
    button = page.get_by_role("button", name="+ API Key")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    button.click()
    expect(page.get_by_label("Name", exact=True)).to_be_hidden()
    scripted.close()
