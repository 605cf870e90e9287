"""The board of opportunities: what is seen, by whom, and how a card is moved."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actor import OPERATOR
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import models, service
from apps.records.models import Record
from apps.webhooks.models import Delivery
from tests import make
from tests.api.boltly import adopted
from tests.dashboard.html import Element, read
from tests.pages import Answer, signed_in, text
from tests.webhooks import make as hooks

pytestmark = pytest.mark.django_db
OPPORTUNITIES = catalogues.load()["bolten"].resources["opportunities"]
HX = {"HX-Request": "true"}


@pytest.fixture
def deals(alice: User, bob: User, carol: User) -> Project:
    made = make.project("Deals", catalogue="bolten", administrator=alice)
    make.member(made, bob, "member", ("opportunities:read", "opportunities:write"))
    make.member(made, carol, "partner", ("opportunities:read",))
    return made


@pytest.fixture
def admin(alice: User) -> Client:
    return signed_in(alice)


def url(project: Project, rest: str = "") -> str:
    return f"/projects/{project.slug}/opportunities/{rest}"


def add(project: Project, title: str = "Roof", **data: Any) -> Record:
    return service.create_record(
        actor=OPERATOR, project_id=project.id, resource=OPPORTUNITIES, data={"title": title, **data}
    ).record


def move(client: Client, record: Record, to: str, seen: object = "new", **headers: str) -> Answer:
    body = {"to": to, "seen": json.dumps(seen)}
    return client.post(url(record.project, f"{record.id}/move/"), body, headers=headers)


def stage(record: Record) -> object:
    record.refresh_from_db()
    return record.data.get("stage")


def columns(answer: Answer) -> dict[str, list[str]]:
    """Titles by the headings of the columns, which end with how many there are."""
    found = [s for s in read(answer).all("section") if "data-column" in s.attributes]
    return {column.one("h2").text: [h.text for h in column.all("h3")] for column in found}


def field(project: Project, **over: Any) -> None:
    """Writes the project's fields down as they are, with a change to its stage."""
    rows = [
        models.Field(
            project=project, resource="opportunities", key=f.name, name=f.name, label=f.label, type=f.type,
            required=f.required, options=list(f.options), description=f.description, order=n,
        )
        for n, f in enumerate(OPPORTUNITIES.fields)
    ]  # fmt: skip
    models.Field.objects.bulk_create(rows)
    models.Field.objects.filter(project=project, key="stage").update(**over)


# --- Seen


def test_cards_are_in_the_columns_of_their_stages(deals: Project, admin: Client) -> None:
    add(deals, "Roof", stage="new", value=12000, currency="EUR", contact="Ann", email="a@example.com")
    add(deals, "Door", stage="won")
    answer = admin.get(url(deals))
    counts = {"New": "1 card", "Won": "1 card"}
    stages = ("New", "Qualified", "Proposal", "Negotiation", "Won", "Lost")
    assert list(columns(answer)) == [f"{each} {counts.get(each, '0 cards')}" for each in stages]
    assert columns(answer)["New 1 card"] == ["Roof"] and columns(answer)["Won 1 card"] == ["Door"]
    card = next(c for c in read(answer).all("li", class_="bk-card") if c.one("h3").text == "Roof")
    facts = [(each.one("dt").text, each.one("dd").text) for each in card.one("dl").all("div")]
    assert facts == [("Value", "12,000 EUR"), ("Contact", "Ann"), ("E-mail", "a@example.com")]
    assert card.one("time").text.startswith("just now")


def test_cards_without_a_stage_and_with_one_that_is_gone_have_columns(deals: Project, admin: Client) -> None:
    add(deals, "Roof")
    gone = add(deals, "Door", stage="new")
    Record.objects.filter(pk=gone.pk).update(data={"title": "Door", "stage": "on hold"})
    answer = admin.get(url(deals))
    assert columns(answer)["No stage 1 card"] == ["Roof"] and columns(answer)["Stage removed 1 card"] == ["Door"]
    assert "on hold" in text(answer)


@pytest.mark.parametrize(
    ("value", "currency", "told"),
    [
        (56000.5, "EUR", [("Value", "56,000.50 EUR")]),
        (56000.0, "EUR", [("Value", "56,000 EUR")]),
        (0, "USD", [("Value", "0 USD")]),
        (0.125, "EUR", [("Value", "0.125 EUR")]),
        (-1e15, "EUR", [("Value", "-1,000,000,000,000,000 EUR")]),
        (12.5, None, [("Value", "12.5")]),
        (None, "EUR", [("Currency", "EUR")]),
        ("twelve", "EUR", [("Value", "twelve"), ("Currency", "EUR")]),
        (True, "EUR", [("Value", "Yes"), ("Currency", "EUR")]),
    ],
)
def test_amount_stands_with_its_currency(
    deals: Project, admin: Client, value: object, currency: object, told: list[tuple[str, str]]
) -> None:
    record = add(deals, "Roof", stage="new")
    Record.objects.filter(pk=record.pk).update(
        data={"title": "Roof", "stage": "new", "value": value, "currency": currency}
    )
    card = read(admin.get(url(deals))).one("dl", class_="bk-card-facts")
    assert [(each.one("dt").text, each.one("dd").text) for each in card.all("div")] == told


def test_board_of_nothing_says_how_cards_come(deals: Project, admin: Client, bob: User) -> None:
    for client, links in ((admin, ["Create API key", "API documentation"]), (signed_in(bob), ["API documentation"])):
        first = read(client.get(url(deals))).one("section", aria_label="No cards yet")
        assert "Each opportunity that comes in by the API is a card" in first.text
        assert [a.text for a in first.all("a")] == links
    add(deals, stage="new")
    assert "bk-board-first" not in text(admin.get(url(deals)))


def test_columns_follow_what_the_project_has_configured(deals: Project, admin: Client) -> None:
    field(deals, name="phase", label="Phase", options=["won", "cold"])
    record = add(deals, "Roof", phase="won")
    add(deals, "Door")
    assert list(columns(admin.get(url(deals)))) == ["Won 1 card", "Cold 0 cards", "No phase 1 card"]
    assert move(admin, record, "cold", "won").status_code == 302
    assert stage(record) == "cold"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"archived_at": timezone.now()}, "The field Stage is archived, so that there are no columns."),
        (
            {"type": "text", "options": []},
            "The field Stage is no single choice any more, so that there are no columns.",
        ),
    ],
)
def test_board_without_a_stage_field_says_why_and_loses_nothing(
    deals: Project, admin: Client, bob: User, change: dict[str, Any], says: str
) -> None:
    record = add(deals, stage="new")
    field(deals, **change)
    for client in (admin, signed_in(bob)):
        page = text(client.get(url(deals)))
        assert says in page and "are kept" in page and "Roof" not in page
    answer = move(admin, record, "won")
    assert answer.status_code == 409 and "The card was not moved." in text(answer)
    assert stage(record) == "new"


def test_many_cards_are_counted_and_shown_by_and_by(deals: Project, admin: Client) -> None:
    rows = [Record(project=deals, resource="opportunities", data={"title": f"{n}", "stage": "new"}) for n in range(50)]
    Record.objects.bulk_create(rows)
    seen = [20, 40, 50]
    path = url(deals)
    for number in seen:
        answer = admin.get(path)
        assert len(columns(answer)["New 50 cards"]) == number
        more = [a for a in read(answer).all("a") if "data-more" in a.attributes]
        assert len(more) == (number < 50)
        path = more[0].attributes["href"].partition("#")[0] if more else path
    assert admin.get(url(deals, "?show=9999.stage:new&show=x&show=.&show=20.%00&show=5.none")).status_code == 200


def test_what_is_shown_stays_after_a_move(deals: Project, admin: Client) -> None:
    record = add(deals, stage="new")
    path = url(deals, f"{record.id}/move/?show=40.stage%3Anew")
    answer = admin.post(path, {"to": "won", "seen": '"new"'})
    assert answer["Location"] == f"{url(deals)}?show=40.stage%3Anew#{record.id}"


def test_text_of_a_record_is_text_on_the_page(deals: Project, admin: Client) -> None:
    add(deals, "<script>alert(1)</script>" + "x" * 500, stage="new", contact="<b>Ann</b>\n" + "y" * 500)
    answer = admin.get(url(deals))
    [[name]] = [titles for titles in columns(answer).values() if titles]
    assert name.startswith("<script>alert(1)</script>xxx") and len(name) == 120
    assert b"<script>alert" not in answer.content and b"<b>Ann" not in answer.content


def test_page_takes_few_queries_however_many_cards(
    deals: Project, admin: Client, bob: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [Record(project=deals, resource="opportunities", data={"title": f"{n}", "stage": "new"}) for n in range(300)]
    Record.objects.bulk_create(rows)
    for client, budget in ((admin, 7), (signed_in(bob), 12)):
        client.get(url(deals))
        with django_assert_max_num_queries(budget):
            client.get(url(deals))


# --- A card, opened


def test_card_opens_to_all_its_fields(deals: Project, admin: Client, carol: User) -> None:
    name = "Roof of the hall " * 12
    record = add(deals, name, stage="won", value=5.5, currency="EUR", email="a@example.com", notes="One.\n\n<b>Two</b>",
                 expected_close_on="2026-12-24")  # fmt: skip
    for client in (admin, signed_in(carol)):
        board = read(client.get(url(deals, "?show=40.stage%3Awon")))
        [link] = [a for a in board.all("a") if "data-open" in a.attributes]
        page = read(client.get(link.attributes["href"]))
        assert page.one("h1").text == name.strip()
        back = next(a for a in page.all("a") if a.text == "Opportunities" and "#" in a.attributes["href"])
        assert back.attributes["href"] == f"{url(deals)}?show=40.stage%3Awon#{record.id}"
        facts = page.all("dl")[0]
        told = dict(zip([e.text for e in facts.all("dt")], [e.text for e in facts.all("dd")], strict=True))
        assert told == {
            "Title": name.strip(), "Stage": "Won", "Value": "5.50 EUR", "Contact": "–Empty", "E-mail": "a@example.com",
            "Phone": "–Empty", "Source": "–Empty", "Expected close on": "24 Dec 2026", "Notes": "One. <b>Two</b>",
        }  # fmt: skip
        assert record.id in page.text


def test_opened_card_has_no_archived_field(deals: Project, admin: Client) -> None:
    record = add(deals, stage="new")
    field(deals, archived_at=timezone.now())
    page = read(admin.get(url(deals, f"{record.id}/")))
    assert "Stage" not in [e.text for e in page.all("dt")]


@pytest.mark.parametrize("granted", [(), ("contacts:read",), ("opportunities:write",)])
def test_who_may_not_read_opens_no_card(deals: Project, granted: tuple[str, ...]) -> None:
    dora = make.user("dora@example.com")
    make.member(deals, dora, "partner", granted)
    answer = signed_in(dora).get(url(deals, f"{add(deals, 'Roof').id}/"))
    assert answer.status_code == 403 and "Roof" not in text(answer)


def test_card_of_another_project_or_resource_opens_nowhere(deals: Project, admin: Client, mallory: User) -> None:
    theirs = add(make.project("Other", catalogue="bolten", administrator=mallory), "Theirs")
    contacts = catalogues.load()["bolten"].resources["contacts"]
    ann = service.create_record(actor=OPERATOR, project_id=deals.id, resource=contacts, data={"name": "Ann"}).record
    for each in (theirs.id, ann.id, f"rec_{'0' * 22}"):
        assert admin.get(url(deals, f"{each}/")).status_code == 404
    assert admin.get(url(theirs.project, f"{theirs.id}/")).status_code == 404


# --- Moved


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_move_is_the_same_change_as_by_the_api(
    deals: Project, who: str, request: pytest.FixtureRequest, alice: User
) -> None:
    user: User = request.getfixturevalue(who)
    record = add(deals, stage="new", value=5)
    hooks.endpoint(deals, "https://8.8.8.8/", "opportunity.updated")
    answer = move(signed_in(user), record, "qualified")
    assert (answer.status_code, answer["Location"]) == (302, f"{url(deals)}#{record.id}")
    before = record.updated_at
    assert stage(record) == "qualified" and record.data["value"] == 5 and record.updated_at > before
    event = Event.objects.get(type="record.updated")
    assert (event.actor_kind, event.actor_label, event.target_id) == ("user", user.email, record.id)
    assert event.data == {"resource": "opportunities", "fields": ["stage"]}
    assert Delivery.objects.get().event == "opportunity.updated"


def test_script_gets_the_board_as_it_is_then(deals: Project, admin: Client) -> None:
    record = add(deals, stage="new")
    answer = move(admin, record, "won", **HX)
    assert answer.status_code == 200 and "HX-Request" in answer["Vary"]
    page = read(answer)
    assert page.one("div", class_="bk-board-page").attributes["data-said"] == "“Roof” is now in “Won”."
    assert columns(answer)["Won 1 card"] == ["Roof"] and not page.all("html")


def test_card_leaves_and_enters_what_is_no_stage(deals: Project, admin: Client) -> None:
    one, other = add(deals, "Roof"), add(deals, "Door")
    assert move(admin, one, "new", None).status_code == 302 and stage(one) == "new"
    assert move(admin, one, "", "new").status_code == 302 and stage(one) is None
    Record.objects.filter(pk=other.pk).update(data={"title": "Door", "stage": "on hold"})
    assert move(admin, other, "won", "on hold").status_code == 302 and stage(other) == "won"


def test_stage_that_is_required_cannot_be_left_empty(deals: Project, admin: Client) -> None:
    field(deals, required=True)
    record = add(deals, stage="new")
    answer = move(admin, record, "")
    assert answer.status_code == 422 and "Stage is required" in text(answer)
    assert stage(record) == "new"


@pytest.mark.parametrize("headers", [{}, HX])
def test_card_that_another_has_moved_stays_there_and_the_page_says_so(
    deals: Project, admin: Client, headers: dict[str, str]
) -> None:
    record = add(deals, stage="new")
    move(admin, record, "lost")
    answer = move(admin, record, "won", "new", **headers)
    assert answer.status_code == 409
    assert read(answer).alerts() == [
        "Somebody else has moved “Roof” meanwhile: it is in “Lost” now, and was left there."
    ]
    assert columns(answer)["Lost 1 card"] == ["Roof"] and stage(record) == "lost"
    assert Event.objects.filter(type="record.updated").count() == 1


def test_card_that_another_has_moved_to_the_same_place_is_there(deals: Project, admin: Client) -> None:
    record = add(deals, stage="won")
    assert move(admin, record, "won", "new").status_code == 302
    assert not Event.objects.filter(type="record.updated").exists()


def test_card_that_was_deleted_meanwhile_is_told_of(deals: Project, admin: Client) -> None:
    record = add(deals, stage="new")
    service.delete_record(actor=OPERATOR, project_id=deals.id, resource=OPPORTUNITIES, record_id=record.id)
    answer = move(admin, record, "won")
    assert answer.status_code == 404 and "this opportunity is not there any more" in text(answer)


def test_stage_that_was_removed_meanwhile_is_told_of(deals: Project, admin: Client) -> None:
    record = add(deals, stage="new")
    field(deals, options=["new", "lost"])
    answer = move(admin, record, "won")
    assert answer.status_code == 422
    assert read(answer).alerts() == ["The card was not moved. Stage must be one of: new, lost."]
    assert columns(answer)["New 1 card"] == ["Roof"] and stage(record) == "new"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"to": "won"}, 422),
        ({"to": "won", "seen": "new"}, 422),
        ({"to": "won", "seen": "[" * 10_000}, 422),
        ({"to": "won", "seen": "NaN"}, 409),
        ({"to": "Won", "seen": '"new"'}, 422),
        ({"to": "won\x00", "seen": '"new"'}, 422),
        ({"to": "w" * 50_000, "seen": '"new"'}, 422),
        ({}, 422),
    ],
)
def test_move_that_cannot_be_understood_changes_nothing(
    deals: Project, admin: Client, sent: dict[str, str], status: int
) -> None:
    record = add(deals, stage="new")
    answer = admin.post(url(deals, f"{record.id}/move/"), sent)
    assert answer.status_code == status and read(answer).alerts()
    assert stage(record) == "new" and columns(answer)["New 1 card"] == ["Roof"]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_move_a_card_at_once_one_does(deals: Project, alice: User, bob: User) -> None:
    record, start = add(deals, stage="new"), Barrier(2)

    def one(user: User, to: str) -> int:
        client = signed_in(user)
        start.wait()
        try:
            return move(client, record, to).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(one, (alice, bob), ("won", "lost")))
    assert sorted(statuses) == [302, 409]
    assert stage(record) == ("won" if statuses[0] == 302 else "lost")


def test_card_of_what_was_sent_stays_where_it_is(tmp_path: Path, settings: LazySettings, alice: User) -> None:
    board = ('description = "One message to many contacts."', 'description = "Messages."\nboard = "channel"')
    with adopted(settings, tmp_path, board):
        project = make.project("Own", catalogue="own", administrator=alice)
        values = {"name": "News", "channel": "sms", "status": "sent"}
        record = Record.objects.create(project=project, resource="broadcasts", data=values)
        path = f"/projects/{project.slug}/broadcasts/{record.id}/move/"
        answer = signed_in(alice).post(path, {"to": "email", "seen": '"sms"'})
    assert (answer.status_code, Event.objects.filter(target_id=record.id).count()) == (409, 0)
    assert "channel can be changed only while it is draft or failed" in text(answer)
    record.refresh_from_db()
    assert record.data == values


# --- Who may


def test_reader_sees_and_does_not_move(deals: Project, carol: User) -> None:
    record = add(deals, stage="new")
    page = text(signed_in(carol).get(url(deals)))
    assert "Roof" in page and "Moving them needs the permission to write" in page
    assert "Move to" not in page and "board.js" not in page
    answer = move(signed_in(carol), record, "won")
    assert answer.status_code == 403 and "Opportunities: Write" in text(answer)
    assert stage(record) == "new"


@pytest.mark.parametrize("granted", [(), ("contacts:read", "contacts:write"), ("opportunities:write",)])
def test_who_may_not_read_sees_no_board(deals: Project, granted: tuple[str, ...]) -> None:
    dora = make.user("dora@example.com")
    make.member(deals, dora, "member", granted)
    record = add(deals, stage="new")
    client = signed_in(dora)
    answer = client.get(url(deals))
    assert answer.status_code == 403 and "Opportunities: Read" in text(answer) and "alice@example.com" in text(answer)
    assert move(client, record, "won").status_code == 403 and stage(record) == "new"
    assert _links(read(client.get(f"/projects/{deals.slug}/"))) == []


def test_right_that_was_taken_is_gone_at_the_next_move(deals: Project, bob: User) -> None:
    client, record = signed_in(bob), add(deals, stage="new")
    assert move(client, record, "won").status_code == 302
    deals.memberships.get(user=bob).grants.filter(action="write").delete()
    assert move(client, record, "lost", "won").status_code == 403
    assert stage(record) == "won"


def test_card_of_another_project_is_as_one_that_does_not_exist(deals: Project, admin: Client, mallory: User) -> None:
    other = make.project("Other", catalogue="bolten", administrator=mallory)
    theirs = add(other, "Theirs", stage="new")
    nobody = f"rec_{'0' * 22}"
    answers = [
        admin.post(url(deals, f"{each}/move/"), {"to": "won", "seen": '"new"'}, headers=HX)
        for each in (theirs.id, nobody)
    ]
    assert [a.status_code for a in answers] == [404, 404]
    assert "Theirs" not in text(answers[0]) and read(answers[0]).alerts() == read(answers[1]).alerts()
    assert admin.get(url(other)).status_code == 404
    assert admin.post(url(other, f"{theirs.id}/move/"), {"to": "won", "seen": '"new"'}).status_code == 404
    assert stage(theirs) == "new"


def test_record_of_another_resource_is_no_card(deals: Project, admin: Client) -> None:
    contacts = catalogues.load()["bolten"].resources["contacts"]
    ann = service.create_record(actor=OPERATOR, project_id=deals.id, resource=contacts, data={"name": "Ann"}).record
    assert move(admin, ann, "won", None).status_code == 404
    assert admin.get(f"/projects/{deals.slug}/contacts/").status_code == 404


def test_project_without_a_board_has_neither_page_nor_entry(project: Project, admin: Client) -> None:
    assert admin.get(url(project)).status_code == 404
    assert _links(read(admin.get(f"/projects/{project.slug}/"))) == []


def test_board_has_an_entry_for_those_who_may_see_it(deals: Project, alice: User, bob: User, carol: User) -> None:
    for user in (alice, bob, carol):
        [link] = _links(read(signed_in(user).get(url(deals))))
        assert (link.text, link.attributes["aria-current"]) == ("Opportunities", "page")


def _links(page: Element) -> list[Element]:
    return [a for a in page.all("a", class_="bk-nav-link") if a.attributes["href"].endswith("/opportunities/")]
