"""The board of opportunities: what is seen, and by whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.accounts.models import User
from apps.core.actor import OPERATOR
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import service
from apps.records.models import Record
from tests import make
from tests.dashboard.board.cards import HX, add, columns, field, move, stage, url
from tests.dashboard.html import Element, read
from tests.pages import signed_in, text

pytestmark = pytest.mark.django_db


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
