"""Create API key: the steps, what they keep and what they refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.keys import service
from apps.keys.models import Key
from apps.projects.models import Project
from tests import make
from tests.dashboard.html import Element, read

pytestmark = pytest.mark.django_db

NEW = "/projects/acme-calls/api-keys/new/"
CREATE = f"{NEW}create/"
GOOD = {"name": "Website", "expiry": "never", "scope": ["leads:read", "leads:write"]}


def step(client: Client, asked: str, **answers: Any) -> Element:
    response = client.get(NEW, {"step": asked, **answers})
    assert response.status_code == 200
    return read(response)


def shown(page: Element) -> str:
    """The step that a page shows."""
    return page.one("li", aria_current="step").all("span")[-1].text


def review(client: Client, **over: Any) -> dict[str, Any]:
    """What the form of the review sends."""
    sent: dict[str, Any] = {}
    for name, value in step(client, "review", **{**GOOD, **over}).hidden():
        sent.setdefault(name, []).append(value)
    return sent


def test_steps_lead_from_name_to_the_review(signed_in: Client) -> None:
    assert shown(step(signed_in, "name")) == "Name"
    assert shown(step(signed_in, "expiry", name="Website")) == "Expiry"
    assert shown(step(signed_in, "permissions", name="Website", expiry="30d")) == "Permissions"
    assert shown(step(signed_in, "review", **GOOD)) == "Review"


def test_form_opens_at_the_name(signed_in: Client) -> None:
    assert shown(read(signed_in.get(NEW))) == "Name"
    assert shown(step(signed_in, "nonsense")) == "Name"


def test_each_step_carries_the_answers_of_the_others(signed_in: Client) -> None:
    carried = dict(step(signed_in, "expiry", **GOOD, expires="2030-01-01T10:00").hidden())
    assert carried["name"] == "Website" and carried["scope"] == "leads:write"
    assert carried.keys() == {"name", "access", "scope", "zone"}
    answers, presets = step(signed_in, "permissions", **GOOD).one("main").all("form")
    for form in (answers, presets):
        assert form.hidden() == [("name", "Website"), ("expiry", "never")]


def test_first_button_of_each_form_continues_so_that_enter_does(signed_in: Client) -> None:
    for asked in ("name", "expiry", "permissions"):
        page = step(signed_in, asked, name="Website").one("main")
        assert next(b.text for b in page.all("form")[0].all("button") if "form" not in b.attributes) == "Continue"
        assert [b.text for b in page.all("button")].count("Continue") == 1


def test_steps_that_are_done_are_links_that_keep_everything(signed_in: Client) -> None:
    page = step(signed_in, "review", **GOOD | {"expiry": "custom", "expires": "2030-01-01T10:00", "zone": "UTC"})
    links = page.one("ol", aria_label="Steps").all("a")
    assert [a.text for a in links] == ["Name, done", "Expiry, done", "Permissions, done"]
    assert parse_qsl(links[1].attributes["href"].removeprefix(f"{NEW}?")) == [
        ("step", "expiry"), ("name", "Website"), ("expiry", "custom"), ("access", "restricted"),
        ("expires", "2030-01-01T10:00"), ("zone", "UTC"), ("scope", "leads:read"), ("scope", "leads:write"),
    ]  # fmt: skip


def test_back_keeps_what_was_typed_even_if_it_is_wrong(signed_in: Client) -> None:
    page = step(signed_in, "name", name="Website", expiry="custom", expires="2001-01-01T00:00")
    assert page.one("input", id="name").attributes["value"] == "Website"
    assert ("expires", "2001-01-01T00:00") in page.hidden()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Give it a name of 1 to 80 characters."),
        ("   ", "Give it a name of 1 to 80 characters."),
        ("\u200b\u200b", "The name has invisible or control characters. Type it anew."),
        ("a\u202eb", "The name has invisible or control characters. Type it anew."),
        ("a\0b", "The name has invisible or control characters. Type it anew."),
        ("x" * 81, "The name may have at most 80 characters."),
        ("x" * 10_000, "The name may have at most 80 characters."),
        ("Taken", "An active key has this name already. Choose another name."),
    ],
)
def test_bad_name_is_refused_beside_its_field(signed_in: Client, project: Project, name: str, message: str) -> None:
    make.key(project, "Taken")
    page = step(signed_in, "expiry", name=name)
    field = page.one("input", id="name").attributes
    assert shown(page) == "Name"
    assert page.one("div", id="name_error").text == message
    assert field["aria-describedby"].split()[0] == "name_error" and field["aria-invalid"] == "true"
    assert field["value"] == name.replace("\0", "\0")


def test_name_of_a_key_that_has_ended_is_free(signed_in: Client, project: Project) -> None:
    service.revoke_key(actor=make.TESTER, key=make.key(project, "Website"), reason="unused")
    assert shown(step(signed_in, "expiry", name="Website")) == "Expiry"


def test_expiry_prints_each_date_in_the_zone_of_the_reader_and_in_utc(signed_in: Client) -> None:
    signed_in.cookies["tz"] = "Asia/Kolkata"
    page = step(signed_in, "expiry", name="Website")
    label = page.one("span", id="expiry_7d_when").text
    there = datetime.now(UTC) + timedelta(days=7, hours=5, minutes=30)
    assert label.startswith(f"{there.day} {there:%b %Y, %H:}") and "Asia/Kolkata" in label and label.endswith("UTC")
    assert [e.text for e in page.one("fieldset").all("label")] == [
        "No expiry", "7 days", "30 days", "90 days", "1 year", "Custom", "Expiry date and time",
    ]  # fmt: skip


def test_no_expiry_is_what_is_chosen_at_first(signed_in: Client) -> None:
    page = step(signed_in, "expiry", name="Website")
    chosen = [i.attributes["id"] for i in page.all("input", type="radio") if "checked" in i.attributes]
    assert chosen == ["expiry_never"]


@pytest.mark.parametrize(
    ("expires", "message"),
    [
        ("", "Give the date and time at which the key expires."),
        ("2001-01-01T00:00", "The expiry must be in the future."),
        ("9999-12-31T23:59", "The expiry may be at most ten years from now. Choose “No expiry” instead."),
        ("0001-01-01T00:00", "The expiry must be in the future."),
        ("tomorrow", "This is not a date and time. Write it like 2027-01-31T12:00."),
        ("2027-02-30T10:00", "This is not a date and time. Write it like 2027-01-31T12:00."),
        ("\0", "This is not a date and time. Write it like 2027-01-31T12:00."),
    ],
)
def test_bad_date_is_refused_beside_its_field_and_kept(signed_in: Client, expires: str, message: str) -> None:
    page = step(signed_in, "permissions", name="Website", expiry="custom", expires=expires)
    field = page.one("input", id="expires").attributes
    assert shown(page) == "Expiry"
    assert page.one("div", id="expires_error").text == message
    assert "expires_error" in field["aria-describedby"]
    assert field["value"] == expires


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati"])
def test_dates_at_the_ends_of_time_are_refused_in_every_zone(signed_in: Client, zone: str) -> None:
    for expires in ("9999-12-31T23:59", "0001-01-01T00:00"):
        page = step(signed_in, "permissions", name="Website", expiry="custom", expires=expires, zone=zone)
        assert shown(page) == "Expiry" and page.alerts()


def test_unknown_expiry_is_refused(signed_in: Client) -> None:
    page = step(signed_in, "permissions", name="Website", expiry="3 weeks")
    assert (shown(page), page.alerts()) == ("Expiry", ["Choose when the key expires."])


def test_date_is_read_in_the_zone_in_which_it_was_typed(signed_in: Client) -> None:
    signed_in.cookies["tz"] = "Europe/Berlin"
    answers = {**GOOD, "expiry": "custom", "expires": "2030-07-01T10:00", "zone": "America/New_York"}
    assert "1 Jul 2030, 16:00 Europe/Berlin = 1 Jul 2030, 14:00 UTC" in step(signed_in, "review", **answers).text
    page = step(signed_in, "expiry", **answers)
    assert page.one("input", id="expires").attributes["value"] == "2030-07-01T16:00"
    assert ("zone", "Europe/Berlin") in page.hidden()


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "\0", "x" * 10_000])
def test_unknown_zone_is_taken_for_that_of_the_reader(signed_in: Client, zone: str) -> None:
    page = step(signed_in, "review", **{**GOOD, "expiry": "custom", "expires": "2030-07-01T10:00", "zone": zone})
    assert "1 Jul 2030, 10:00 UTC" in page.text


def test_permissions_are_a_table_of_what_the_catalogue_has(signed_in: Client) -> None:
    page = step(signed_in, "permissions", name="Website")
    rows = page.one("tbody").all("tr")
    assert [row.one("th", scope="row").text for row in rows] == [
        "Calls", "Leads", "Agents", "Contacts", "Knowledge base", "Integrations", "Analytics",
    ]  # fmt: skip
    assert [box.attributes["aria-label"] for box in rows[0].all("input")] == ["Calls: Read", "Calls: Write"]
    assert [box.attributes["aria-label"] for box in rows[-1].all("input")] == ["Analytics: Read"]
    assert "Write does not include read" in page.text


def test_catalogue_in_which_write_includes_read_says_so(client: Client, alice: User) -> None:
    make.project("Voice", catalogue="voice", administrator=alice)
    client.force_login(alice)
    page = read(client.get("/projects/voice/api-keys/new/?step=permissions&name=x"))
    assert "Write includes read." in page.text and "does not include" not in page.text
    assert [group.text for group in page.all("th", scope="rowgroup")] == [
        "Communication", "Agent configuration", "Contacts and data", "Administration",
    ]  # fmt: skip
    assert [row.text for row in page.all("tbody")[2].all("th", scope="row")] == [
        "Contacts", "Statistics", "Verifications",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("scopes", "message"),
    [
        ([], "Choose at least one permission."),
        (["leads:fly"], "'leads:fly' is not a permission of Boltcall."),
        (["inbox:read"], "'inbox:read' is not a permission of Boltcall."),
        (["leads:read", "analytics:write"], "'analytics:write' is not a permission of Boltcall."),
        (["\0"], "'\\x00' is not a permission of Boltcall."),
    ],
)
def test_bad_permissions_are_refused_beside_the_table(signed_in: Client, scopes: list[str], message: str) -> None:
    page = step(signed_in, "review", name="Website", scope=scopes)
    assert shown(page) == "Permissions"
    assert page.one("div", id="permissions_error").text.startswith(message)
    assert "permissions_error" in page.one("fieldset").attributes["aria-describedby"]


@pytest.mark.parametrize(("preset", "chosen"), [("read", 7), ("clear", 0), ("nonsense", 0)])
def test_presets_work_without_script(signed_in: Client, preset: str, chosen: int) -> None:
    page = step(signed_in, "name", name="Website", scope=["leads:write"], preset=preset)
    checked = [b.attributes["value"] for b in page.all("input", type="checkbox") if "checked" in b.attributes]
    assert shown(page) == "Permissions"
    assert len(checked) == chosen and all(scope.endswith(":read") for scope in checked)


def test_link_can_fill_everything_in(signed_in: Client) -> None:
    text = step(signed_in, "review", name="  Website  ", expiry="90d", scope=["calls:read", "leads:write"]).text
    expires = datetime.now(UTC) + timedelta(days=90)
    assert "Name Website Change" in text
    assert f"Expires {expires.day} {expires:%b %Y}" in text
    assert "Calls: read" in text and "Leads: write" in text
    assert "60 requests in any 60 seconds" in text


def test_earliest_wrong_step_is_shown_first(signed_in: Client) -> None:
    assert shown(step(signed_in, "review", expiry="custom")) == "Name"
    assert shown(step(signed_in, "review", name="Website", expiry="custom")) == "Expiry"


def test_key_is_made_as_reviewed(signed_in: Client, project: Project, alice: User) -> None:
    sent = review(signed_in, expiry="30d", scope=["leads:write", "calls:read"])
    response = signed_in.post(CREATE, sent)
    key = Key.objects.get()
    assert response.status_code == 200
    assert (key.project, key.name, key.scopes) == (project, "Website", ["calls:read", "leads:write"])
    assert key.expires_at == datetime.fromisoformat(sent["expires_at"][0])
    assert key.created_by == "alice@example.com"
    event = Event.objects.get(type="key.created")
    assert (event.target_id, event.actor_label, event.ip) == (key.id, "alice@example.com", "127.0.0.1")


def test_unrestricted_key_is_made_where_the_catalogue_allows_it(client: Client, alice: User) -> None:
    make.project("Voice", catalogue="voice", administrator=alice)
    client.force_login(alice)
    new = "/projects/voice/api-keys/new/"
    page = read(client.get(new, {"step": "review", "name": "All", "access": "unrestricted", "scope": "calls:read"}))
    assert "Unrestricted: everything" in page.text
    assert client.post(f"{new}create/", dict(page.hidden())).status_code == 200
    assert Key.objects.get().unrestricted and Key.objects.get().scopes == []


def test_switch_that_is_off_makes_the_key_unrestricted(client: Client, alice: User) -> None:
    make.project("Voice", catalogue="voice", administrator=alice)
    client.force_login(alice)
    off = read(client.get("/projects/voice/api-keys/new/?step=permissions&name=x&access=unrestricted"))
    on = read(client.get("/projects/voice/api-keys/new/?step=permissions&name=x&access=unrestricted&access=restricted"))
    assert "checked" not in off.one("input", id="restricted").attributes
    assert "checked" in on.one("input", id="restricted").attributes


@pytest.mark.parametrize("access", ["unrestricted", "nonsense"])
def test_catalogue_without_unrestricted_keys_refuses_one(signed_in: Client, access: str) -> None:
    page = step(signed_in, "review", **{**GOOD, "access": access})
    assert shown(page) == "Permissions" and page.alerts()


def test_second_submit_of_the_form_makes_no_second_key(signed_in: Client) -> None:
    sent = review(signed_in)
    first = signed_in.post(CREATE, sent)
    secret = read(first).one("code", data_testid="secret").text
    second = signed_in.post(CREATE, sent)
    assert (second.status_code, Key.objects.count()) == (409, 1)
    key = Key.objects.get()
    page = read(second)
    assert "created already" in page.text and secret not in second.content.decode()
    hrefs = [a.attributes["href"] for a in page.one("main").all("a")]
    assert f"/projects/acme-calls/api-keys/{key.id}/" in hrefs
    assert f"/projects/acme-calls/api-keys/{key.id}/revoke/" in hrefs


def test_form_of_another_project_names_nothing_of_it(signed_in: Client, alice: User) -> None:
    other = make.project("Other", administrator=alice)
    sent = review(signed_in)
    make.new_key(other, "Hidden", form_id=sent["form_id"][0])
    response = signed_in.post(CREATE, sent)
    assert (response.status_code, Key.objects.count()) == (409, 1)
    assert "Hidden" not in response.content.decode()


@pytest.mark.parametrize("form_id", ["", "x", "form_\0", "form_" + "a" * 10_000])
def test_form_without_its_id_goes_back_to_the_review(signed_in: Client, form_id: str) -> None:
    response = signed_in.post(CREATE, {**review(signed_in), "form_id": form_id})
    assert (response.status_code, Key.objects.count()) == (422, 0)
    assert shown(read(response)) == "Review"


def test_what_is_wrong_by_now_is_told_at_its_step_and_nothing_is_made(signed_in: Client, project: Project) -> None:
    sent = review(signed_in)
    make.key(project, "Website")
    response = signed_in.post(CREATE, sent)
    page = read(response)
    assert (response.status_code, shown(page), Key.objects.count()) == (422, "Name", 1)
    assert ("scope", "leads:write") in page.hidden()


def test_moment_that_has_passed_since_the_review_is_refused(signed_in: Client) -> None:
    sent = review(signed_in, expiry="7d")
    past = (timezone.now() - timedelta(seconds=1)).isoformat()
    response = signed_in.post(CREATE, {**sent, "expires_at": past})
    assert (response.status_code, shown(read(response)), Key.objects.count()) == (422, "Expiry", 0)


@pytest.mark.parametrize("moment", ["soon", "2030-01-01T10:00", "9999-12-31T23:59:59-14:00", "\0"])
def test_moment_that_cannot_be_read_is_refused(signed_in: Client, moment: str) -> None:
    response = signed_in.post(CREATE, {**review(signed_in), "expires_at": moment})
    assert (response.status_code, Key.objects.count()) == (422, 0)


def test_form_without_a_token_makes_nothing(alice: User, project: Project) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    response = strict.post(CREATE, review(strict))
    assert (response.status_code, Key.objects.count()) == (403, 0)


def test_address_of_the_form_leads_back_to_the_first_step(signed_in: Client) -> None:
    response = signed_in.get(CREATE)
    assert (response.status_code, response["Location"]) == (302, NEW)


def test_nothing_is_kept_in_the_session(signed_in: Client) -> None:
    before = dict(signed_in.session)
    response = signed_in.post(CREATE, review(signed_in))
    secret = read(response).one("code", data_testid="secret").text
    assert dict(signed_in.session) == before
    assert all(secret not in morsel.value for morsel in response.cookies.values())
