"""bolten, from a key of one's own to a partner's: it may do what its user may do, at the moment of the call."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.products.story import SECRET, at_desk, cell, found, join, row, said, status_of
from tests.server import Answer, Server
from tests.waiting import eventually

OWN, PARTNERS = "/account/api-keys/", "/partner/"
ONE, TWO = "harbour-hotel", "hill-clinic"
ANNA, BRUNO, CARLA = (f"{name}@example.com" for name in ("anna", "bruno", "carla"))
"""Administrator and member of Harbour Hotel; partner of both clients, with an agency of her own."""


def test_bolten_from_a_key_of_ones_own_to_a_partners(browser: Browser, server: Server) -> None:
    prepare(server)
    with ExitStack() as stack:
        options = {"permissions": ["clipboard-read", "clipboard-write"]}
        anna, bruno, carla = (stack.enter_context(at_desk(browser, server, e, **options)) for e in (ANNA, BRUNO, CARLA))
        key = key_of_ones_own(bruno, "Export")
        server.manage("set_rate_limit", cell(bruno, "Export", "Key ID"), "1000")  # this story is told within a minute
        key_does_what_anna_allows_from_the_next_request_on(anna, server, key)
        key_follows_the_role(anna, server, key)
        wedding = opportunities_are_made_and_never_deleted(server, key)
        cards_move_on_the_board(anna, carla, server, key, wedding)
        names_count_exactly(server, key)
        fields_are_what_anna_configures(anna, server, key)
        partner = partner_sees_her_clients_and_only_those(carla, server)
        project_is_named_in_the_request(server, partner)
        key_is_restricted_further(carla, server)
        key_is_deleted_by_the_trash_icon(bruno, server, key)
        who_leaves_takes_the_reach_along(anna, carla, server, partner)


def prepare(server: Server) -> None:
    for name, admin in (("Harbour Hotel", ANNA), ("Hill Clinic", "other@example.com"), ("Carla & Co", CARLA)):
        found(server, name, "bolten", admin)
    join(server, ONE, BRUNO, "member")
    for client in (ONE, TWO):
        join(server, client, CARLA, "partner", "contacts:read", "opportunities:read")


def contacts(server: Server, key: str, project: str = "", method: str = "GET", body: object = None) -> Answer:
    headers = {"X_Project": project} if project else {}
    return server.call("/v1/contacts", key=key, method=method, body=body, **headers)


# --- keys of one's own -----------------------------------------------------------------------------------------------


def key_of_ones_own(page: Page, name: str, path: str = OWN, *boxes: str) -> str:
    """A button opens the field below it; the key is made, shown, and copied by a click on it."""
    page.goto(path)
    expect(page.get_by_label("Name", exact=True)).to_be_hidden()
    page.get_by_role("button", name="+ API Key").click()
    page.get_by_label("Name", exact=True).fill(name)
    if boxes:
        page.get_by_text("Restrict this key (optional)").click()
    for box in boxes:
        page.get_by_label(box).check()
    page.get_by_role("button", name="Generate").click()
    secret = page.get_by_test_id("secret").inner_text().strip()
    assert SECRET.fullmatch(secret)
    page.get_by_test_id("secret").click()
    expect(page.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_role("link", name="Done").click()
    page.wait_for_url(f"**{path}")
    expect(row(page, name)).to_contain_text(secret[-4:])
    assert secret not in page.content()
    return secret


def key_is_deleted_by_the_trash_icon(bruno: Page, server: Server, key: str) -> None:
    said(contacts(server, key), 200)
    bruno.goto(OWN)
    row(bruno, "Export").get_by_role("button", name="Delete Export").click()
    bruno.get_by_role("dialog").get_by_role("button", name="Delete key").click()
    expect(row(bruno, "Export")).to_have_count(0)
    said(contacts(server, key), 401, "deleted")


def key_is_restricted_further(carla: Page, server: Server) -> None:
    narrow = key_of_ones_own(carla, "Narrow", OWN, "Opportunities: Read")
    said(contacts(server, narrow, ONE), 403, "missing_scope")
    said(server.call("/v1/opportunities", key=narrow, X_Project=ONE), 200)
    said(contacts(server, narrow, "carla-co"), 403, "missing_scope")  # where she may do everything


# --- what the administrator decides -----------------------------------------------------------------------------------


def set_permissions(anna: Page, email: str, preset: str, *boxes: str) -> None:
    act(anna, email, "Set permissions…")
    anna.get_by_role("button", name=preset).click()
    for box in boxes:
        anna.get_by_label(box).check()
    anna.get_by_role("button", name="Save permissions").click()
    expect(anna.get_by_text("It holds from the next request on.").first).to_be_visible()


def act(anna: Page, email: str, action: str) -> None:
    anna.goto(f"/projects/{ONE}/team/")
    person = anna.get_by_role("row", name=email)
    person.get_by_text("Actions").click()
    person.get_by_role("button", name=action).or_(person.get_by_role("link", name=action)).click()


def change_role(anna: Page, email: str, role: str) -> None:
    act(anna, email, "Change role…")
    dialog = anna.get_by_role("dialog")
    dialog.get_by_role("radio", name=role).check()
    dialog.get_by_role("button", name="Change role").click()
    expect(anna.get_by_role("row", name=email)).to_contain_text(role)


def key_does_what_anna_allows_from_the_next_request_on(anna: Page, server: Server, key: str) -> None:
    said(contacts(server, key), 403, "missing_scope")
    set_permissions(anna, BRUNO, "Read only")
    said(contacts(server, key), 200)
    said(contacts(server, key, method="POST", body={"name": "Ann"}), 403, "missing_scope")
    set_permissions(anna, BRUNO, "Nothing", "Contacts: Write")
    said(contacts(server, key, method="POST", body={"name": "Ann"}), 201)
    said(contacts(server, key), 403, "missing_scope")
    set_permissions(anna, BRUNO, "Everything")
    assert [each["name"] for each in said(contacts(server, key), 200)["data"]] == ["Ann"]


def key_follows_the_role(anna: Page, server: Server, key: str) -> None:
    """Whatever the role, keys and the team are for administrators; an administrator's own key needs no grants."""
    set_permissions(anna, BRUNO, "Nothing")
    said(contacts(server, key), 403, "missing_scope")
    change_role(anna, BRUNO, "Administrator")
    said(contacts(server, key), 200)
    change_role(anna, BRUNO, "Partner")
    said(contacts(server, key), 403, "missing_scope")
    set_permissions(anna, BRUNO, "Everything")
    change_role(anna, BRUNO, "Member")
    said(contacts(server, key), 200)


def who_leaves_takes_the_reach_along(anna: Page, carla: Page, server: Server, partner: str) -> None:
    said(contacts(server, partner, ONE), 200)
    act(anna, CARLA, "Remove…")
    anna.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(anna.get_by_role("row", name=CARLA)).to_have_count(0)
    said(contacts(server, partner, ONE), 404, "unknown_project")
    said(contacts(server, partner, TWO), 200)
    assert clients_of(carla) == ["Hill Clinic"]
    assert status_of(carla, f"/projects/{ONE}/") == 404


# --- partners --------------------------------------------------------------------------------------------------------


def clients_of(carla: Page) -> list[str]:
    carla.goto(PARTNERS)
    return carla.get_by_role("region", name="Client projects").get_by_role("heading", level=3).all_inner_texts()


def partner_sees_her_clients_and_only_those(carla: Page, server: Server) -> str:
    assert clients_of(carla) == ["Harbour Hotel", "Hill Clinic"]  # her own agency is none
    for closed, status in ((f"/projects/{ONE}/api-keys/", 403), (f"/projects/{ONE}/team/", 403)):
        assert status_of(carla, closed) == status
    key = key_of_ones_own(carla, "Sync", PARTNERS)
    assert [contacts(server, key, slug).status for slug in (ONE, TWO)] == [200, 200]
    said(contacts(server, key, ONE, method="POST", body={"name": "Eve"}), 403, "missing_scope")
    return key


def project_is_named_in_the_request(server: Server, partner: str) -> None:
    refused = said(contacts(server, partner), 400, "ambiguous_project")
    assert refused["choices"] == ["carla-co", ONE, TWO]
    me = said(server.call("/v1/me", key=partner, X_Project=TWO), 200)
    assert me["project"]["slug"] == TWO
    by_id = said(contacts(server, partner, me["project"]["id"]), 200)
    assert by_id["data"] == []  # Ann belongs to the hotel
    assert [each["name"] for each in said(contacts(server, partner, ONE), 200)["data"]] == ["Ann"]
    said(contacts(server, partner, "acme"), 404, "unknown_project")


# --- opportunities ---------------------------------------------------------------------------------------------------


def opportunities_are_made_and_never_deleted(server: Server, key: str) -> str:
    sent = {"title": "Wedding in June", "stage": "new", "value": 12000}
    made = said(server.call("/v1/opportunities", key=key, method="POST", body=sent), 201)
    path = f"/v1/opportunities/{made['id']}"
    moved = said(server.call(path, key=key, method="PATCH", body={"stage": "qualified"}), 200)
    assert (moved["title"], moved["stage"]) == ("Wedding in June", "qualified")
    for method in ("DELETE", "PUT"):
        said(server.call(path, key=key, method=method, body={}), 405, "method_not_allowed")
    assert said(server.call("/v1/opportunities?stage=qualified", key=key), 200)["data"] == [moved]
    return str(made["id"])


BOARD = f"/projects/{ONE}/opportunities/"


def column(page: Page, name: str) -> Locator:
    return page.locator("section").filter(has=page.get_by_role("heading", level=2, name=name))


def cards_move_on_the_board(anna: Page, carla: Page, server: Server, key: str, wedding: str) -> None:
    """By drag and by keys, as a PATCH would; who may only read, sees the cards and moves none."""
    anna.goto(BOARD)
    anna.get_by_role("heading", level=3, name="Wedding in June").hover()
    anna.mouse.down()
    for name in ("proposal", "negotiation"):
        column(anna, name).hover(position={"x": 60, "y": 60}, force=True)
    anna.mouse.up()
    eventually(lambda: stage_of(server, key, wedding) == "negotiation")
    expect(column(anna, "negotiation").get_by_role("heading", name="Wedding in June")).to_be_visible()
    anna.locator("summary", has_text="Move to…").first.focus()
    anna.keyboard.press("ArrowRight")
    eventually(lambda: stage_of(server, key, wedding) == "won")
    anna.goto(f"/projects/{ONE}/audit/")
    expect(anna.get_by_role("main")).to_contain_text(f"{ANNA} changed the record")
    carla.goto(BOARD)
    expect(column(carla, "won").get_by_role("heading", name="Wedding in June")).to_be_visible()
    expect(carla.get_by_text("Move to…")).to_have_count(0)


def stage_of(server: Server, key: str, record: str) -> str:
    return str(said(server.call(f"/v1/opportunities/{record}", key=key), 200)["stage"])


def names_count_exactly(server: Server, key: str) -> None:
    """The golden rule: what matches exactly is saved, what does not is ignored and listed, or refused if so wished."""
    strange = ["Title", "a__b", "a%b", "a'b", "__class__", "id"]
    sent = {"title": "Conference", **dict.fromkeys(strange, "x")}
    answer = server.call("/v1/opportunities", key=key, method="POST", body=sent)
    made = said(answer, 201)
    ignored = {name.lower(): value for name, value in answer.headers.items()}["boltkeys-ignored-fields"]
    assert made["title"] == "Conference" and made["id"] != "x"
    assert len(ignored.split(", ")) == len(strange)
    strict = server.call("/v1/opportunities", key=key, method="POST", body=sent, Prefer="handling=strict")
    assert {each["pointer"] for each in said(strict, 422, "invalid")["errors"]} == {f"/{name}" for name in strange}
    wrong = server.call("/v1/opportunities", key=key, method="POST", body={"title": "Gala", "value": "a lot"})
    assert [each["pointer"] for each in said(wrong, 422, "invalid")["errors"]] == ["/value"]
    titles = [each["title"] for each in said(server.call("/v1/opportunities", key=key), 200)["data"]]
    assert sorted(titles) == ["Conference", "Wedding in June"]


FIELDS = f"/projects/{ONE}/fields/?resource=opportunities"


def schema(server: Server, key: str) -> dict[str, dict[str, Any]]:
    fields = said(server.call("/v1/opportunities/schema", key=key), 200)["fields"]
    return {field["name"]: field for field in fields}


def fields_are_what_anna_configures(anna: Page, server: Server, key: str) -> None:
    """A field is added, written and found by the API, renamed with its values, archived, and restored with them."""
    assert list(schema(server, key))[:2] == ["title", "stage"]
    add_field(anna, "guests", "Guests", "Whole number")
    add_field(anna, "hall", "Hall", "Single choice", "North\nSouth")
    assert schema(server, key)["hall"] == {
        "name": "hall", "label": "Hall", "type": "single_choice", "required": False, "options": ["North", "South"],
        "description": "",
    }  # fmt: skip
    sent = {"title": "Ball", "guests": 120, "hall": "North"}
    ball = said(server.call("/v1/opportunities", key=key, method="POST", body=sent), 201)
    for wrong in ({"guests": "many"}, {"hall": "East"}):
        answer = server.call(f"/v1/opportunities/{ball['id']}", key=key, method="PATCH", body=wrong)
        assert [each["pointer"] for each in said(answer, 422, "invalid")["errors"]] == [f"/{name}" for name in wrong]
    assert found_by(server, key, "hall=North") == [ball["id"]]
    rename_field(anna, "hall", "room")
    renamed = said(server.call(f"/v1/opportunities/{ball['id']}", key=key), 200)
    assert (renamed["room"], "hall" in renamed, found_by(server, key, "room=North")) == ("North", False, [ball["id"]])
    anna.get_by_role("button", name="Archive Guests").click()
    anna.get_by_role("dialog").get_by_role("button", name="Archive field").click()
    expect(anna.get_by_role("button", name="Restore Guests")).to_be_visible()
    ignored = server.call(f"/v1/opportunities/{ball['id']}", key=key, method="PATCH", body={"guests": 7})
    assert "guests" not in said(ignored, 200) and "guests" not in schema(server, key)
    anna.get_by_role("button", name="Restore Guests").click()
    expect(anna.get_by_role("button", name="Archive Guests")).to_be_visible()
    assert said(server.call(f"/v1/opportunities/{ball['id']}", key=key), 200)["guests"] == 120


def found_by(server: Server, key: str, query: str) -> list[str]:
    return [each["id"] for each in said(server.call(f"/v1/opportunities?{query}", key=key), 200)["data"]]


def add_field(anna: Page, name: str, label: str, type_label: str, options: str = "") -> None:
    anna.goto(FIELDS)
    anna.get_by_label("Name", exact=True).fill(name)
    anna.get_by_label("Label", exact=True).fill(label)
    anna.get_by_label("Type", exact=True).select_option(label=type_label)
    if options:
        anna.get_by_label("Options").fill(options)
    anna.get_by_role("button", name="Add field").click()
    expect(row(anna, name)).to_be_visible()


def rename_field(anna: Page, name: str, new: str) -> None:
    anna.goto(FIELDS)
    row(anna, name).get_by_role("link", name=name).click()
    anna.get_by_label("Name", exact=True).fill(new)
    anna.get_by_role("button", name="Save").click()
    expect(row(anna, new)).to_be_visible()
