"""voice, from an unrestricted key to one that was deleted: keys that manage keys, webhooks and members."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests import chromium
from tests.browser.conftest import PASSWORD
from tests.products.story import at_desk, cell, found, reveal, row, said, step
from tests.server import Server
from tests.waiting import eventually
from tests.webhooks.receiver import receiving

KEYS, HOOKS, MEMBERS = (f"/v1/developer-access/{each}" for each in ("api-keys", "webhooks", "members"))
PAGES = "/projects/phones/"
LIST = f"{PAGES}api-keys/"
EVERYTHING = "can do everything, now and in future versions"
GROUPS = {
    "Communication": ["Calls", "Messages", "Transcriptions", "Recordings"],
    "Agent configuration": [
        "Agents", "Conversational paths", "Knowledge bases", "Tools", "Voices", "Integrations", "Webhooks",
    ],
    "Contacts and data": ["Contacts", "Statistics", "Verifications"],
    "Administration": ["Phones", "Members", "Billing", "API keys", "Notifications"],
}  # fmt: skip


def test_voice_from_an_unrestricted_key_to_one_that_was_deleted(browser: Browser, server: Server) -> None:
    found(server, "Phones", "voice", "vera@example.com")
    with at_desk(browser, server, "vera@example.com", permissions=["clipboard-write"]) as vera:
        root = unrestricted_key_is_warned_of(vera)
        line = restricted_key_has_a_level_for_each_resource(vera)
        desk = restricted_key(vera, "Back office", {"API keys": "Write", "Webhooks": "Write", "Contacts": "Read"})
        keys_are_listed_as_restricted_or_not(vera, root)
        write_includes_read_and_the_rest_is_closed(server, line)
        unrestricted_key_does_everything(server, root)
        key_manages_keys(server, desk, line)
        key_manages_webhooks(server, desk, line)
        key_manages_members(browser, vera, server, line)
        there_is_no_limit_on_the_number_of_keys(vera, server)
        permissions_are_never_edited(vera, server)
        team_page_explains_the_roles(vera)
        deleted_key_is_gone_and_the_audit_keeps_it(vera, server, line)


# --- the create flow -------------------------------------------------------------------------------------------------


def at_permissions(vera: Page, name: str) -> None:
    vera.goto(LIST)
    vera.get_by_role("link", name="Create API key").first.click()
    vera.get_by_role("textbox", name="Name").fill(name)
    step(vera)
    vera.get_by_role("radio", name="No expiry").check()
    step(vera)


def levels_of(vera: Page, resource: str) -> list[str]:
    group = vera.get_by_role("radiogroup", name=resource, exact=True)
    return [str(each.get_attribute("aria-label") or each.inner_text()) for each in group.get_by_role("radio").all()]


def choose(vera: Page, resource: str, level: str) -> None:
    vera.get_by_role("radiogroup", name=resource, exact=True).get_by_role("radio", name=level, exact=True).check()


def unrestricted_key_is_warned_of(vera: Page) -> str:
    at_permissions(vera, "Root")
    switch = vera.get_by_role("switch", name="Restrict key")
    expect(switch).to_be_checked()
    expect(vera.get_by_text(EVERYTHING)).to_be_hidden()
    switch.uncheck()
    expect(vera.get_by_text(EVERYTHING)).to_be_visible()
    expect(vera.get_by_role("radiogroup", name="Calls", exact=True)).to_be_hidden()
    step(vera)
    expect(vera.get_by_text(EVERYTHING)).to_be_visible()
    return reveal(vera, LIST)


def restricted_key_has_a_level_for_each_resource(vera: Page) -> str:
    at_permissions(vera, "Line 1")
    table = vera.get_by_role("table")
    headings = table.get_by_role("rowheader").all_inner_texts()
    assert [" ".join(each.split("\n")[0].split()) for each in headings] == [
        label for group, resources in GROUPS.items() for label in (group, *resources)
    ]
    for group in GROUPS.values():
        for resource in group:
            radios = vera.get_by_role("radiogroup", name=resource, exact=True).get_by_role("radio")
            expect(radios).to_have_count(2 if resource == "Statistics" else 3)
    choose(vera, "Calls", "Write")
    choose(vera, "Statistics", "Read")
    step(vera)
    expect(vera.get_by_role("main")).to_contain_text("Write includes read.")
    return reveal(vera, LIST)


def restricted_key(vera: Page, name: str, levels: dict[str, str]) -> str:
    at_permissions(vera, name)
    for resource, level in levels.items():
        choose(vera, resource, level)
    step(vera)
    return reveal(vera, LIST)


def keys_are_listed_as_restricted_or_not(vera: Page, root: str) -> None:
    assert cell(vera, "Root", "Permissions") == "Unrestricted"
    assert cell(vera, "Line 1", "Permissions").startswith("Restricted")
    assert cell(vera, "Root", "Key") == f"sk_live_…{root[-4:]}"
    assert cell(vera, "Root", "Key ID").startswith("key_")
    assert "just now" in cell(vera, "Root", "Created")


# --- what the keys do ------------------------------------------------------------------------------------------------


def write_includes_read_and_the_rest_is_closed(server: Server, line: str) -> None:
    call = said(server.call("/v1/calls", key=line, method="POST", body={"to": "+34600111222"}), 201)
    assert said(server.call(f"/v1/calls/{call['id']}", key=line), 200)["to"] == "+34600111222"
    said(server.call("/v1/statistics", key=line), 200)
    said(server.call("/v1/statistics", key=line, method="POST", body={}), 405, "method_not_allowed")
    for closed in ("/v1/agents", "/v1/billing", KEYS, HOOKS):
        said(server.call(closed, key=line), 403, "missing_scope")


def unrestricted_key_does_everything(server: Server, root: str) -> None:
    for path in ("/v1/calls", "/v1/phones", "/v1/billing", "/v1/statistics", KEYS, HOOKS):
        said(server.call(path, key=root), 200)
    said(server.call("/v1/phones", key=root, method="POST", body={"number": "+34600111222"}), 201)


def key_manages_keys(server: Server, desk: str, line: str) -> None:
    """A key with API keys at Write makes others, none of which can do more than itself, and ends them."""
    names = {each["name"] for each in said(server.call(KEYS, key=desk), 200)["data"]}
    assert names == {"Root", "Line 1", "Back office"}
    made = said(post(server, KEYS, desk, {"name": "Reader", "scopes": ["contacts:read", "api_keys:read"]}), 201)
    reader = made["secret_key"]
    said(server.call("/v1/contacts", key=reader), 200)
    said(server.call(f"{KEYS}/{made['id']}", key=reader), 200)
    said(post(server, KEYS, reader, {"name": "Child", "scopes": ["contacts:read"]}), 403, "missing_scope")
    for more in ({"scopes": ["contacts:write"]}, {"scopes": ["calls:read"]}, {"unrestricted": True}):
        said(post(server, KEYS, desk, {"name": "More", **more}), 403, "exceeds_own")
    said(server.call(f"{KEYS}/{made['id']}", key=desk, method="DELETE"), 204)
    said(server.call("/v1/contacts", key=reader), 401, "deleted")


def post(server: Server, path: str, key: str, body: object = None) -> Any:
    return server.call(path, key=key, method="POST", body=body)


def key_manages_webhooks(server: Server, desk: str, line: str) -> None:
    with receiving() as receiver:
        sent = {"url": receiver.url, "events": ["call.created"]}
        said(post(server, HOOKS, line, sent), 403, "missing_scope")
        hook = said(post(server, HOOKS, desk, sent), 201)
        said(post(server, "/v1/calls", line, {"to": "+34600111333"}), 201)
        eventually(lambda: len(receiver.messages) == 1)
        path = f"{HOOKS}/{hook['id']}"
        sent_to = f"{path}/deliveries"
        eventually(lambda: server.call(sent_to, key=desk).json()["data"][0]["status"] == "delivered")
        assert [each["event"] for each in said(server.call(sent_to, key=desk), 200)["data"]] == ["call.created"]
        said(server.call(path, key=desk, method="DELETE"), 204)


def key_manages_members(browser: Browser, vera: Page, server: Server, line: str) -> None:
    """A key with Members at Write invites, changes and removes people, and gives nobody more than it has itself."""
    hire = restricted_key(vera, "Onboarding", {"Members": "Write", "Calls": "Read"})
    nora = {"email": "nora@example.com", "role": "member"}
    said(post(server, MEMBERS, line, nora), 403, "missing_scope")
    for more in ({"role": "administrator"}, {"grants": ["calls:write"]}):
        said(post(server, MEMBERS, hire, {**nora, **more}), 403, "exceeds_own")
    said(post(server, MEMBERS, hire, {**nora, "grants": ["calls:read"]}), 201)
    with chromium.window(browser, server) as page:
        page.goto(server.link_mailed_to("nora@example.com", "/invitations/"))
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create the account and join").click()
        expect(page.get_by_text("Welcome to Phones.").first).to_be_visible()
    people = {each["email"]: each for each in said(server.call(MEMBERS, key=hire), 200)["data"]}
    assert (people["nora@example.com"]["role"], people["nora@example.com"]["grants"]) == ("member", ["calls:read"])
    path = f"{MEMBERS}/{people['nora@example.com']['id']}"
    token = access_token(server, "nora@example.com")
    said(server.call("/v1/calls", key=token), 200)
    said(server.call(path, key=hire, method="PATCH", body={"role": "partner", "grants": []}), 200)
    said(server.call("/v1/calls", key=token), 403, "missing_scope")
    vera.goto(f"{PAGES}team/")
    expect(vera.get_by_role("row", name="nora@example.com")).to_contain_text("Partner")
    said(server.call(path, key=hire, method="DELETE"), 204)
    said(server.call("/v1/calls", key=token), 404, "unknown_project")
    vera_herself = f"{MEMBERS}/{people['vera@example.com']['id']}"
    said(server.call(vera_herself, key=hire, method="DELETE"), 403, "exceeds_own")


def access_token(server: Server, email: str) -> str:
    answer = server.call("/v1/auth/login", method="POST", body={"email": email, "password": PASSWORD})
    return str(said(answer, 200)["access_token"])


def there_is_no_limit_on_the_number_of_keys(vera: Page, server: Server) -> None:
    token = access_token(server, "vera@example.com")
    for n in range(30):
        said(post(server, KEYS, token, {"name": f"Extension {n}", "scopes": ["calls:read"]}), 201)
    vera.goto(f"{LIST}?order=name")
    expect(vera.get_by_role("navigation", name="Pages")).to_be_visible()
    expect(vera.get_by_role("region", name="Active keys, table").get_by_role("rowheader")).to_have_count(25)
    vera.goto(f"{LIST}?q=Extension+29")
    expect(row(vera, "Extension 29")).to_be_visible()


def permissions_are_never_edited(vera: Page, server: Server) -> None:
    vera.goto(f"{LIST}?q=Line+1")
    vera.get_by_role("link", name="Line 1").click()
    expect(vera.get_by_role("main")).to_contain_text("These cannot be changed.")
    key_id = vera.url.rstrip("/").rpartition("/")[2]
    token = access_token(server, "vera@example.com")
    change = {"scopes": ["agents:write"], "unrestricted": True}
    said(server.call(f"{KEYS}/{key_id}", key=token, method="PATCH", body=change), 405, "method_not_allowed")
    assert said(server.call(f"{KEYS}/{key_id}", key=token), 200)["scopes"] == ["calls:write", "statistics:read"]


def team_page_explains_the_roles(vera: Page) -> None:
    vera.goto(f"{PAGES}team/")
    explained = vera.get_by_role("region", name="Who may do what").inner_text()
    for words in ("Administrator", "Member", "Partner", "create, watch and revoke API keys", "read the audit"):
        assert words in explained


def deleted_key_is_gone_and_the_audit_keeps_it(vera: Page, server: Server, line: str) -> None:
    vera.goto(f"{LIST}?q=Line+1")
    row(vera, "Line 1").get_by_role("button", name="Actions").click()
    vera.get_by_role("button", name="Delete", exact=True).click()
    dialog = vera.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete “Line 1”?")
    dialog.get_by_role("button", name="Delete key").click()
    expect(vera.get_by_text("“Line 1” is deleted.")).to_be_visible()
    said(server.call("/v1/calls", key=line), 401, "deleted")
    expect(row(vera, "Line 1")).to_have_count(0)
    vera.goto(f"{LIST}revoked/")
    assert cell(vera, "Line 1", "Why") == "Deleted"
    assert "vera@example.com" in cell(vera, "Line 1", "By")
    vera.goto(f"{PAGES}audit/")
    told = [" ".join(each.split()) for each in vera.locator(".bk-event-text > p:first-child").all_inner_texts()]
    assert told[0] == "vera@example.com deleted the key Line 1"
