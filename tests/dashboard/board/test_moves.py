"""A card is moved to another column: it is the change that the API makes, and never over that of somebody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actor import OPERATOR
from apps.projects.models import Project
from apps.records import service
from apps.records.models import Record
from apps.webhooks.models import Delivery
from tests import make
from tests.api.boltly import adopted
from tests.dashboard.board.cards import HX, OPPORTUNITIES, add, columns, field, move, stage, url
from tests.dashboard.html import read
from tests.pages import signed_in, text
from tests.webhooks import make as hooks

pytestmark = pytest.mark.django_db


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
