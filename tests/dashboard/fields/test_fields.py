"""The page where administrators configure fields, without JavaScript."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.fields import TYPES
from apps.projects.models import Project
from apps.records import fields, schema, service
from apps.records.fields import Definition
from tests import make
from tests.dashboard.fields.forms import CONTACTS, OPPORTUNITIES, PAGE, add, described, key_of, names, save, typed
from tests.dashboard.html import read
from tests.pages import text

pytestmark = pytest.mark.django_db


def test_the_catalogues_fields_stand_there_from_the_first(browser: Client) -> None:
    page = read(browser.get(PAGE))
    rows = page.rows()
    assert [row["Name"] for row in rows] == [field.name for field in OPPORTUNITIES.fields]
    assert rows[1] == {
        "Order": "Move Stage up Move Stage down", "Name": "stage", "Label": "Stage", "Type": "Single choice",
        "Required": "Optional", "Options": "new, qualified, proposal, negotiation and 2 more",
        "Actions": "Archive Stage",
    }  # fmt: skip
    assert rows[0]["Required"] == "Required"
    tabs = [a for a in page.all("a") if a.attributes["href"].startswith(f"{PAGE}?resource=")]
    assert [(a.text, "aria-current" in a.attributes) for a in tabs] == [("Opportunities", True), ("Contacts", False)]


def test_form_has_the_labels_that_people_look_for(browser: Client) -> None:
    page = read(browser.get(f"{PAGE}?resource=contacts"))
    labels = {label.text for label in page.all("label")}
    assert {"Name", "Label", "Type", "Required", "Options", "Description"} <= labels
    assert [o.text for o in page.one("select", name_="type").all("option")] == list(TYPES.values())
    assert "Add field" in [button.text for button in page.all("button")]


def test_added_field_is_in_the_list_and_in_the_schema(browser: Client, sales: Project) -> None:
    answer = add(browser, type="single_choice", options=" small\r\n\r\nlarge ", required="on", description="Which")
    assert answer["Location"] == f"{PAGE}?resource=contacts"
    page = read(browser.get(answer["Location"]))
    assert "The field “Budget” is added." in page.text
    added = page.rows()[-1]
    assert (added["Name"], added["Label"], added["Options"]) == ("budget", "Budget Which", "small, large")
    assert schema.schema_json(sales.id, CONTACTS)["fields"][-1] == {
        "name": "budget", "label": "Budget", "type": "single_choice", "required": True, "options": ["small", "large"],
        "description": "Which",
    }  # fmt: skip
    assert Event.objects.get(type="field.added").actor_label == "alice@example.com"


@pytest.mark.parametrize(
    ("over", "about", "said"),
    [
        ({"name": "a__b"}, "name", "A name has 1 to 63 of"),
        ({"name": "a%b"}, "name", "A name has 1 to 63 of"),
        ({"name": "a'b"}, "name", "A name has 1 to 63 of"),
        ({"name": "__class__"}, "name", "A name has 1 to 63 of"),
        ({"name": "constructor"}, "name", "Choose another name"),
        ({"name": "x" * 100_000}, "name", "A name has 1 to 63 of"),
        ({"name": "größe"}, "name", "A name has 1 to 63 of"),
        ({"name": ""}, "name", "Give it a name"),
        ({"name": "a\x00"}, "name", "Null characters are not allowed"),
        ({"name": "email"}, "name", "The field “E-mail” has this name"),
        ({"name": "cursor"}, "name", "uses cursor already"),
        ({"label": ""}, "label", "Give it a label"),
        ({"label": "e-mail"}, "label", "is labelled"),
        ({"label": "x" * 81}, "label", "at most 80"),
        ({"type": "colour"}, "type", "There is no such type"),
        ({"type": ""}, "type", "There is no such type"),
        ({"type": "single_choice"}, "options", "A choice needs 1 to 100 options"),
        ({"type": "single_choice", "options": "a\nb\na"}, "options", "Option 3: This option is there already"),
        ({"type": "single_choice", "options": "a\u202eb"}, "options", "Option 1: The value has invisible"),
        ({"options": "a"}, "options", "Only a choice has options"),
        ({"description": "x" * 301}, "description", "at most 300"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_fault_stands_beside_its_field_and_keeps_what_was_typed(
    browser: Client, sales: Project, over: dict[str, str], about: str, said: str
) -> None:
    answer = add(browser, description="Typed", **over) if "description" not in over else add(browser, **over)
    assert answer.status_code == 422
    page = read(answer)
    assert said in described(page, about)
    (control,) = [e for tag in ("input", "select", "textarea") for e in page.all(tag, name_=about)]
    assert control.attributes["aria-invalid"] == "true"
    assert "autofocus" in control.attributes
    assert page.one("input", name_="label").attributes.get("value", "") == over.get("label", "Budget")
    assert names(sales) == [field.name for field in CONTACTS.fields]


def test_full_project_is_told_what_to_do(browser: Client, sales: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "USED_MAX", len(CONTACTS.fields))
    answer = add(browser)
    assert answer.status_code == 422
    assert "archive one first" in read(answer).alerts()[0]


def test_field_is_renamed_with_its_values(browser: Client, sales: Project) -> None:
    add(browser)
    key = key_of(sales, "budget")
    service.create_record(actor=make.TESTER, project_id=sales.id, resource=CONTACTS, data={"name": "Ann", "budget": 5})
    answer = save(browser, key, name="annual_budget", label="Annual budget", required="on")
    assert answer["Location"] == f"{PAGE}?resource=contacts"
    row = read(browser.get(answer["Location"])).rows()[-1]
    assert (row["Name"], row["Label"], row["Type"], row["Required"]) == (
        "annual_budget", "Annual budget", "Number", "Required",
    )  # fmt: skip
    refused = save(browser, key, type="text")
    assert refused.status_code == 422
    assert "Records have values of this field" in described(read(refused), "type")


def test_form_shows_what_is_there(browser: Client, sales: Project) -> None:
    add(browser, type="multiple_choice", options="a\nb", required="on", description="Which")
    page = read(browser.get(f"{PAGE}contacts/{key_of(sales, 'budget')}/edit/"))
    assert typed(page) == {
        "name": "budget", "label": "Budget", "type": "multiple_choice", "required": "on", "options": "a\nb",
        "description": "Which", "revision": "0",
    }  # fmt: skip


def test_change_on_top_of_one_not_seen_is_held_back_and_told(browser: Client, sales: Project) -> None:
    page = read(browser.get(f"{PAGE}contacts/phone/edit/"))
    save(browser, "phone", label="Line", required="on")
    answer = browser.post(f"{PAGE}contacts/phone/edit/", typed(page) | {"label": "Telephone"})
    assert answer.status_code == 409
    again = read(answer)
    assert "Somebody else has changed this field meanwhile" in again.alerts()[0]
    assert "phone, Line, Phone, required" in again.text
    assert again.one("input", name_="label").attributes["value"] == "Telephone"
    browser.post(f"{PAGE}contacts/phone/edit/", typed(again))
    assert schema.fields_of(sales.id, CONTACTS)[2].label == "Telephone"


@pytest.mark.parametrize("revision", ["", "-1", "x", "9" * 5000, "²", "1"])
def test_form_with_a_made_up_revision_saves_nothing(browser: Client, sales: Project, revision: str) -> None:
    assert save(browser, "phone", label="Line", revision=revision).status_code == 409
    assert schema.fields_of(sales.id, CONTACTS) == CONTACTS.fields


def test_fault_after_somebody_elses_change_does_not_let_it_be_overwritten(browser: Client, sales: Project) -> None:
    page = typed(read(browser.get(f"{PAGE}contacts/email/edit/")))
    save(browser, "email", label="Mail")
    wrong = browser.post(f"{PAGE}contacts/email/edit/", page | {"label": "\x00"})
    assert wrong.status_code == 422
    again = typed(read(wrong)) | {"label": "Letter"}
    assert browser.post(f"{PAGE}contacts/email/edit/", again).status_code == 409


def test_built_in_field_shows_its_type_and_keeps_it(browser: Client, sales: Project) -> None:
    page = read(browser.get(f"{PAGE}contacts/interests/edit/"))
    assert page.one("input", id="type-kept").attributes["value"] == "Multiple choice" and not page.all("select")
    assert save(browser, "interests", type="text", label="Likes").status_code == 302
    changed = next(f for f in schema.fields_of(sales.id, CONTACTS) if f.key == "interests")
    assert (changed.type, changed.label) == ("multiple_choice", "Likes")


# --- Order, and archive


def test_field_moves_and_its_button_keeps_the_focus(browser: Client, sales: Project) -> None:
    answer = browser.post(f"{PAGE}contacts/email/move/", {"to": "up"})
    page = read(browser.get(answer["Location"]))
    assert [row["Name"] for row in page.rows()][:3] == ["email", "name", "phone"]
    assert "Moved to place 1 of 10." in page.text
    # At the top, the button that was used is of no use any more.
    assert [b.text for b in page.all("button") if "autofocus" in b.attributes] == ["Move E-mail down"]
    answer = browser.post(f"{PAGE}contacts/email/move/", {"to": "down"})
    page = read(browser.get(answer["Location"]))
    assert [b.text for b in page.all("button") if "autofocus" in b.attributes] == ["Move E-mail down"]


@pytest.mark.parametrize("sent", [{}, {"to": "sideways"}, {"to": "\x00"}])
def test_move_to_nowhere_moves_nothing(browser: Client, sales: Project, sent: dict[str, str]) -> None:
    assert browser.post(f"{PAGE}contacts/email/move/", sent).status_code == 302
    assert schema.fields_of(sales.id, CONTACTS) == CONTACTS.fields


def test_archived_field_is_asked_about_listed_and_restored(browser: Client, sales: Project) -> None:
    service.create_record(
        actor=make.TESTER, project_id=sales.id, resource=CONTACTS, data={"name": "Ann", "phone": "+4930123456"}
    )
    question = text(browser.get(f"{PAGE}contacts/phone/archive/"))
    assert "1 record has a value of it" in question
    fragment = browser.get(f"{PAGE}contacts/phone/archive/", headers={"HX-Request": "true"})
    assert "<html" not in text(fragment)
    answer = browser.post(f"{PAGE}contacts/phone/archive/")
    page = read(browser.get(answer["Location"]))
    assert "phone" not in [row["Name"] for row in page.rows()]
    assert [button.text for button in page.all("button") if "Restore" in button.text] == ["Restore Phone"]
    assert "phone" not in names(sales)
    answer = browser.post(f"{PAGE}contacts/phone/restore/")
    assert "in use again, with all its values" in text(browser.get(answer["Location"]))
    assert names(sales)[2] == "phone"


def test_question_says_that_the_board_needs_the_field(browser: Client) -> None:
    assert "The board of opportunities" in text(browser.get(f"{PAGE}opportunities/stage/archive/"))
    assert "The board of" not in text(browser.get(f"{PAGE}opportunities/source/archive/"))


def test_question_says_what_cards_are_called_without_their_title(browser: Client, sales: Project) -> None:
    path = f"{PAGE}opportunities/title/archive/"
    assert "called by their Contact instead, and “Untitled opportunity” where that is empty." in text(browser.get(path))
    for key in ("contact", "source"):
        assert "called by" not in text(browser.get(f"{PAGE}opportunities/{key}/archive/"))
        browser.post(f"{PAGE}opportunities/{key}/archive/")
    assert "Every card on the board is called “Untitled opportunity”" in text(browser.get(path))
    assert "called" not in text(browser.get(f"{PAGE}contacts/name/archive/"))


def test_restore_that_is_not_possible_says_why(browser: Client, sales: Project) -> None:
    browser.post(f"{PAGE}contacts/phone/archive/")
    add(browser, name="line", label="Phone")
    answer = browser.post(f"{PAGE}contacts/phone/restore/")
    assert "Give one of the two another label first" in read(browser.get(answer["Location"])).alerts()[0]


def test_page_without_any_field_says_what_to_do(browser: Client, sales: Project) -> None:
    for field in CONTACTS.fields:
        browser.post(f"{PAGE}contacts/{field.key}/archive/")
    assert "Add a field below, or restore one." in text(browser.get(f"{PAGE}?resource=contacts"))


def test_what_administrators_typed_is_text_on_the_page(browser: Client, sales: Project) -> None:
    add(browser, label="<b>x</b>", description='"><script>', type="single_choice", options="<i>")
    page = browser.get(f"{PAGE}?resource=contacts").content.decode()
    assert "<b>x</b>" not in page
    assert '"><script>' not in page
    assert "&lt;i&gt;" in page


@pytest.mark.parametrize(
    "path",
    ["?resource=nowhere", "?resource=%00", "nowhere/add/", "contacts/nowhere/edit/", "contacts/%00/archive/",
     "contacts/fld_0000000000000000000000/edit/", "opportunities/name/edit/"],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(browser: Client, path: str) -> None:
    assert browser.get(f"{PAGE}{path}").status_code == 404


def test_field_of_another_project_is_not_found(browser: Client, sales: Project) -> None:
    other = make.project("Other", catalogue="bolten")
    added = fields.add_field(
        actor=make.TESTER, project_id=other.id, resource=CONTACTS, definition=Definition("vat", "VAT", "text")
    )
    for what in ("edit", "archive", "restore", "move"):
        assert browser.post(f"{PAGE}contacts/{added.key}/{what}/", {"to": "up"}).status_code == 404
    assert schema.fields_of(sales.id, CONTACTS) == CONTACTS.fields


def test_project_whose_fields_are_fixed_has_no_such_page(browser: Client, alice: User) -> None:
    make.project("Calls", catalogue="boltcall", administrator=alice)
    for path in ("", "leads/add/", "leads/name/edit/"):
        assert browser.get(f"/projects/calls/fields/{path}").status_code == 404
    assert "/projects/calls/fields/" not in text(browser.get("/projects/calls/"))
    assert f'href="{PAGE}"' in text(browser.get("/projects/sales/"))


def test_audit_tells_it_in_words(browser: Client, sales: Project) -> None:
    add(browser)
    save(browser, "phone", label="Line")
    page = text(browser.get("/projects/sales/audit/?subject=field"))
    assert "added the field" in page
    assert "of contacts" in page
    assert "Label: Phone" in page or "label: Phone" in page


def test_list_takes_few_queries_however_many_fields_there_are(browser: Client, sales: Project) -> None:
    for n in range(30):
        add(browser, name=f"f{n}", label=f"F{n}")
    with CaptureQueriesContext(connection) as seen:
        browser.get(f"{PAGE}?resource=contacts")
    assert len(seen) <= 6
