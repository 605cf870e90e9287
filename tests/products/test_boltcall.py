"""boltcall, from the first key to its audit: calls, leads and agents of a telephone receptionist."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PASSWORD
from tests.products.story import at_desk, cell, found, join, reveal, row, said, status_of, step
from tests.server import Server
from tests.waiting import eventually

KEYS = "/projects/reception/api-keys/"
RITA = "rita@example.com"
RECORDS = ("calls", "leads", "agents", "contacts", "knowledge_base", "integrations")
SAMPLES = {"calls": {"to": "+34600111222"}, "knowledge_base": {"title": "Opening hours"}}


def test_boltcall_from_the_first_key_to_its_audit(browser: Browser, server: Server) -> None:
    found(server, "Reception", "boltcall", RITA)
    join(server, "reception", "max@example.com", "member")
    with at_desk(browser, server, RITA, permissions=["clipboard-write"]) as rita:
        form = create_key(rita, "Website form", "Leads: Write")
        board = create_key(rita, "Wallboard", "Leads: Read", "Analytics: Read", expiry="90 days")
        nobody_else_sees_keys(browser, server)
        lead = write_does_not_include_read(server, form)
        analytics_are_read_and_nothing_else(server, board, lead)
        every_resource_has_read_and_write(server)
        use_is_shown(rita, server)
        key_ends_at_the_second_it_was_given(rita, server)
        revoked_key_is_refused_at_once(rita, server, form)
        audit_tells_it_all(rita)


def create_key(rita: Page, name: str, *boxes: str, expiry: str = "30 days") -> str:
    """Name → expiry → permissions → copy once. A key that may do nothing is not made."""
    rita.goto(KEYS)
    rita.get_by_role("link", name="Create API key").first.click()
    rita.get_by_role("textbox", name="Name").fill(name)
    step(rita)
    rita.get_by_role("radio", name=expiry).check()
    step(rita)
    expect(rita.get_by_role("switch", name="Restrict key")).to_have_count(0)
    expect(rita.get_by_role("checkbox", name="Analytics: ")).to_have_count(1)
    step(rita)
    expect(rita.get_by_role("alert").filter(has_text="Choose at least one permission.")).to_be_visible()
    expect(rita.get_by_role("main")).to_contain_text("Write does not include read")
    for box in boxes:
        rita.get_by_role("checkbox", name=box).check()
    step(rita)
    return reveal(rita, KEYS)


def nobody_else_sees_keys(browser: Browser, server: Server) -> None:
    with at_desk(browser, server, "max@example.com") as max_:
        assert status_of(max_, KEYS) == 403
        assert status_of(max_, "/projects/reception/audit/") == 403
        expect(max_.get_by_role("link", name="API keys", exact=True)).to_have_count(0)


def write_does_not_include_read(server: Server, form: str) -> str:
    """The form may send leads in, and change and delete them, and sees none."""
    lead = said(server.call("/v1/leads", key=form, method="POST", body={"name": "Maya", "source": "website"}), 201)
    path = f"/v1/leads/{lead['id']}"
    assert said(server.call(path, key=form, method="PATCH", body={"status": "new"}), 200)["name"] == "Maya"
    for hidden in ("/v1/leads", path, "/v1/leads/schema"):
        refused = said(server.call(hidden, key=form), 403, "missing_scope")
        assert (refused["required_scope"], refused["granted_scopes"]) == ("leads:read", ["leads:write"])
    said(server.call("/v1/calls", key=form, method="POST", body=SAMPLES["calls"]), 403, "missing_scope")
    gone = said(server.call("/v1/leads", key=form, method="POST", body={"name": "Gone"}), 201)
    said(server.call(f"/v1/leads/{gone['id']}", key=form, method="DELETE"), 204)
    return str(lead["id"])


def analytics_are_read_and_nothing_else(server: Server, board: str, lead: str) -> None:
    leads = said(server.call("/v1/leads", X_API_Key=board), 200)["data"]
    assert [(each["id"], each["status"]) for each in leads] == [(lead, "new")]
    figures = said(server.call("/v1/analytics", key=board), 200)["data"]
    assert {"metric": "leads_by_source", "period": "30d", "key": "website", "value": 1} in figures
    for method in ("POST", "PUT"):
        said(server.call("/v1/analytics", key=board, method=method, body={}), 405, "method_not_allowed")
    said(server.call(f"/v1/leads/{lead}", key=board, method="DELETE"), 403, "missing_scope")


def every_resource_has_read_and_write(server: Server) -> None:
    for action, allowed in (("read", 200), ("write", 403)):
        grants = [each for resource in RECORDS for each in ("--grant", f"{resource}:{action}")]
        key = server.manage("create_key", "--project", "reception", "--name", f"All {action}", *grants)["secret_key"]
        assert [server.call(f"/v1/{resource}", key=key).status for resource in RECORDS] == [allowed] * 6
        made = [server.call(f"/v1/{r}", key=key, method="POST", body=SAMPLES.get(r, {"name": "x"})) for r in RECORDS]
        assert [each.status for each in made] == [201 if action == "write" else 403] * 6, [m.body for m in made]


def use_is_shown(rita: Page, server: Server) -> None:
    """In the list what was accepted, on the key's own page also what was refused, and why."""
    rita.goto(KEYS)
    eventually(lambda: rita.reload() and cell(rita, "Website form", "24 h") == "4")
    assert cell(rita, "Wallboard", "30 d") == "2"
    assert "127.0.0.1" in cell(rita, "Wallboard", "Last used")
    rita.get_by_role("link", name="Website form").click()
    assert cell(rita, "Accepted", "24 h") == "4"
    assert cell(rita, "Refused: permission missing", "24 h") == "4"
    assert cell(rita, "Leads", "7 d") == "4"


def key_ends_at_the_second_it_was_given(rita: Page, server: Server) -> None:
    token = said(server.call("/v1/auth/login", method="POST", body={"email": RITA, "password": PASSWORD}), 200)
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
    sent = {"name": "For a moment", "scopes": ["leads:read"], "expires_at": end.isoformat()}
    made = server.call("/v1/developer-access/api-keys", key=token["access_token"], method="POST", body=sent)
    key = said(made, 201)["secret_key"]
    said(server.call("/v1/leads", key=key), 200)
    time.sleep((end - datetime.now(UTC)).total_seconds())
    said(server.call("/v1/leads", key=key), 401, "expired")
    rita.goto(f"{KEYS}revoked/")
    assert cell(rita, "For a moment", "Why") == "Expired"


def revoked_key_is_refused_at_once(rita: Page, server: Server, form: str) -> None:
    said(server.call("/v1/leads", key=form, method="POST", body={"name": "Last"}), 201)
    rita.goto(KEYS)
    rita.get_by_role("button", name="Revoke Website form").click()
    dialog = rita.get_by_role("dialog")
    expect(dialog).to_contain_text("5 requests in the last 24 hours")
    dialog.get_by_label("Reason", exact=True).select_option("leaked")
    dialog.get_by_role("button", name="Revoke key").click()
    rita.wait_for_url(f"**{KEYS}")
    said(server.call("/v1/leads", key=form, method="POST", body={"name": "Late"}), 401, "revoked")
    expect(row(rita, "Website form")).to_have_count(0)
    rita.get_by_role("link", name="Revoked / Expired").first.click()
    assert "Leaked" in cell(rita, "Website form", "Why")
    assert "rita@example.com" in cell(rita, "Website form", "By")
    eventually(lambda: rita.reload() and cell(rita, "Website form", "Attempts since").startswith("1"))


def audit_tells_it_all(rita: Page) -> None:
    rita.goto("/projects/reception/audit/")
    told = [" ".join(each.split()) for each in rita.locator(".bk-event-text > p:first-child").all_inner_texts()]
    for event in (
        "rita@example.com created the key Website form",
        "rita@example.com created the key Wallboard",
        "Website form created the record lead",
        "Website form deleted the record lead",
        "rita@example.com revoked the key Website form: leaked",
    ):
        assert event in told
    assert "sk_live_" not in " ".join(told)
