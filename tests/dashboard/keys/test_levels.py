"""Catalogues in which a key is unrestricted, or has one level for each resource."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core.verify import Ask
from apps.dashboard.keys import levels
from apps.gate import gate
from apps.keys.models import Key
from apps.projects import catalogues
from apps.projects.models import Project
from tests import make
from tests.dashboard.html import Element, read

pytestmark = pytest.mark.django_db

KEYS = "/projects/voice/api-keys/"
NEW = f"{KEYS}new/"


@pytest.fixture
def voice(alice: User) -> Project:
    return make.project("Voice", catalogue="voice", administrator=alice)


@pytest.fixture
def at_voice(client: Client, alice: User, voice: Project) -> Client:
    client.force_login(alice)
    return client


def step(client: Client, asked: str, **answers: Any) -> Element:
    response = client.get(NEW, {"step": asked, "name": "Website", **answers})
    assert response.status_code == 200
    return read(response)


def group(page: Element, label: str) -> dict[str, bool]:
    """The radios of a resource by their labels, and whether each is chosen."""
    row = next(tr for tr in page.all("tr") if [th.text for th in tr.all("th", scope="row")] == [label])
    group = row.one("div", role="radiogroup")
    assert group.attributes["aria-labelledby"] == row.one("th").attributes["id"]
    return {each.text: "checked" in each.one("input").attributes for each in group.all("label")}


def test_voice_alone_of_the_four_has_levels() -> None:
    assert [slug for slug, each in catalogues.load().items() if levels.has_levels(each)] == ["voice"]


def test_levels_need_a_chain_of_actions_and_unrestricted_keys() -> None:
    voice = catalogues.get("voice")
    calls = voice.resources["calls"]
    apart = replace(calls, actions=tuple(replace(action, implies=frozenset()) for action in calls.actions))
    read_only = {"statistics": voice.resources["statistics"]}
    assert not levels.has_levels(replace(voice, unrestricted=False))
    assert not levels.has_levels(replace(voice, resources={**voice.resources, "calls": apart}))
    assert not levels.has_levels(replace(voice, resources=read_only))


def test_levels_stand_from_the_least_to_the_highest_whatever_the_order_of_the_file() -> None:
    calls = catalogues.get("voice").resources["calls"]
    turned = replace(calls, actions=calls.actions[::-1])
    assert [level.slug for level in levels.levels(turned)] == ["read", "write"]
    assert levels.chosen(turned, {"calls:read", "calls:write"}) == "calls:write"
    assert levels.chosen(turned, {"messages:write"}) == ""


def test_each_resource_is_a_row_with_one_choice(at_voice: Client) -> None:
    page = step(at_voice, "permissions")
    assert group(page, "Calls") == {"No access": True, "Read": False, "Write": False}
    assert group(page, "Statistics") == {"No access": True, "Read": False}
    assert page.all("input", name="scope") == []
    assert len(page.all("div", role="radiogroup")) == len(catalogues.get("voice").resources)
    assert "Write includes read." in page.text


def test_choice_is_kept_by_the_other_steps_and_the_way_back(at_voice: Client) -> None:
    answers = {"scope-calls": "calls:write", "scope-statistics": "statistics:read", "scope-agents": ""}
    page = step(at_voice, "expiry", **answers)
    kept = [value for name, value in page.hidden() if name == "scope"]
    assert kept == ["calls:write", "statistics:read"]
    again = step(at_voice, "permissions", scope=kept)
    assert group(again, "Calls") == {"No access": False, "Read": False, "Write": True}
    assert group(again, "Statistics") == {"No access": False, "Read": True}
    assert group(again, "Agents")["No access"]


def test_of_two_levels_in_a_link_the_higher_is_shown(at_voice: Client) -> None:
    page = step(at_voice, "permissions", scope=["calls:write", "calls:read"])
    assert group(page, "Calls") == {"No access": False, "Read": False, "Write": True}


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({}, "Choose at least one permission."),
        ({"scope-calls": "", "scope-agents": ""}, "Choose at least one permission."),
        ({"scope-calls": "calls:fly"}, "'calls:fly' is not a permission of Voice."),
        ({"scope-statistics": "statistics:write"}, "'statistics:write' is not a permission of Voice."),
        ({"scope-calls": "\0"}, "'\\x00' is not a permission of Voice."),
    ],
)
def test_bad_choice_is_refused_beside_the_table(at_voice: Client, answers: dict[str, str], message: str) -> None:
    page = step(at_voice, "review", **answers)
    assert page.one("li", aria_current="step").all("span")[-1].text == "Permissions"
    assert page.one("div", id="permissions_error").text.startswith(message)


@pytest.mark.parametrize(("preset", "label"), [("read", "Read"), ("clear", "No access")])
def test_presets_work_without_script(at_voice: Client, preset: str, label: str) -> None:
    page = step(at_voice, "permissions", scope="agents:write", preset=preset)
    assert all(group(page, resource)[label] for resource in ("Calls", "Agents", "Statistics"))


def test_key_that_may_write_may_read(at_voice: Client) -> None:
    page = step(at_voice, "review", **{"scope-calls": "calls:write", "scope-agents": "agents:read"})
    assert "Agents: read" in page.text and "Calls: write" in page.text and "Write includes read." in page.text
    made = read(at_voice.post(f"{NEW}create/", dict(_sent(page))))
    secret = made.one("code", data_testid="secret").text
    key = Key.objects.get()
    assert (key.unrestricted, key.scopes) == (False, ["agents:read", "calls:write"])
    codes = [gate.verify(secret, Ask(r, m)).code for r in ("calls", "agents", "messages") for m in ("GET", "POST")]
    assert codes == ["ok", "ok", "ok", "missing_scope", "missing_scope", "missing_scope"]


def test_switch_is_on_until_somebody_switches_it_off(at_voice: Client) -> None:
    assert "checked" in step(at_voice, "permissions").one("input", role="switch").attributes
    off = step(at_voice, "permissions", access="unrestricted")
    assert "checked" not in off.one("input", role="switch").attributes
    assert "can do everything, now and in future versions" in off.text


def test_review_warns_of_a_key_that_can_do_everything(at_voice: Client) -> None:
    warning = "can do everything, now and in future versions"
    assert warning in step(at_voice, "review", access="unrestricted").text
    assert warning not in step(at_voice, "review", scope="calls:read").text


def test_list_says_restricted_or_unrestricted(at_voice: Client, voice: Project) -> None:
    make.key(voice, "Everything", unrestricted=True)
    make.key(voice, "Some", scopes=["calls:read"])
    rows = read(at_voice.get(KEYS, {"order": "name"})).rows()
    assert [row["Permissions"] for row in rows] == ["Unrestricted", "Restricted"]


def test_row_has_a_menu_with_delete(at_voice: Client, voice: Project) -> None:
    key = make.key(voice, "Website", scopes=["calls:read"])
    page = read(at_voice.get(KEYS))
    button = page.one("button", popovertarget=f"actions-{key.id}")
    menu = page.one("div", id=f"actions-{key.id}")
    assert button.text == "Actions"
    assert page.one("th", id=button.attributes["aria-describedby"]).text == "Website"
    assert [b.text for b in menu.all("button")] == ["Rotate", "Delete"]
    assert [f.attributes["action"] for f in menu.all("form")] == [
        f"{KEYS}{key.id}/{act}/" for act in ("rotate", "delete")
    ]
    assert page.all("button", aria_label="Revoke Website") == []


def test_key_page_offers_delete_and_says_that_permissions_stay(at_voice: Client, voice: Project) -> None:
    key = make.key(voice, "Website", scopes=["calls:write"])
    page = read(at_voice.get(f"{KEYS}{key.id}/"))
    assert page.one("button", aria_label="Delete Website").text == "Delete"
    assert "These cannot be changed. To allow more or less, create a new key and delete this one." in page.text
    assert "Write includes read." in page.text


def test_keys_are_deleted_and_never_revoked(at_voice: Client, voice: Project) -> None:
    new = make.new_key(voice, scopes=["calls:read"])
    assert at_voice.get(f"{KEYS}{new.key.id}/revoke/").status_code == 404
    assert at_voice.post(f"{KEYS}{new.key.id}/revoke/now/", {"reason": "leaked"}).status_code == 404
    assert gate.verify(new.secret, Ask("calls")).code == "ok"
    buttons = read(at_voice.get(f"{KEYS}{new.key.id}/")).one("main").all("button")
    assert [b.text for b in buttons if "aria-label" in b.attributes] == ["Rotate", "Delete"]


def test_other_catalogues_have_boxes_and_a_revoke_button_beside_their_menu(signed_in: Client, project: Project) -> None:
    key = make.key(project, "Website")
    page = read(signed_in.get("/projects/acme-calls/api-keys/"))
    assert page.one("button", aria_label="Revoke Website")
    assert page.one("button", popovertarget=f"actions-{key.id}").text == "Actions"
    assert [b.text for b in page.one("div", id=f"actions-{key.id}").all("button")] == ["Rotate", "Delete"]
    picker = read(signed_in.get("/projects/acme-calls/api-keys/new/?step=permissions&name=x"))
    assert picker.all("div", role="radiogroup") == [] and picker.all("input", role="switch") == []


def test_number_of_keys_has_no_limit(at_voice: Client, voice: Project) -> None:
    for i in range(30):
        make.key(voice, f"Key {i}", scopes=["calls:read"])
    page = step(at_voice, "review", scope="calls:read")
    assert at_voice.post(f"{NEW}create/", dict(_sent(page))).status_code == 200
    assert Key.objects.filter(project=voice).count() == 31
    assert "as many keys as it needs" in read(at_voice.get(KEYS)).text


def _sent(review: Element) -> dict[str, list[str]]:
    sent: dict[str, list[str]] = {}
    for name, value in review.hidden():
        sent.setdefault(name, []).append(value)
    return sent
