"""Records in columns: by a stage that they are in, by none, and by one that there is no more."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.accounts.models import User
from apps.core.actor import OPERATOR
from apps.core.errors import Conflict, Invalid
from apps.core.fields import Field
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import board, schema, service
from apps.records.models import Record
from tests import make

pytestmark = pytest.mark.django_db
OPPORTUNITIES = catalogues.load()["bolten"].resources["opportunities"]
STAGES = ["new", "qualified", "proposal", "negotiation", "won", "lost"]


@pytest.fixture
def deals(alice: User) -> Project:
    return make.project("Deals", catalogue="bolten", administrator=alice)


def field(project: Project) -> Field:
    found = board.stage_of(schema.fields_of(project.id, OPPORTUNITIES), OPPORTUNITIES)
    assert found
    return found


def read(project: Project, **wanted: int) -> dict[str, tuple[int, list[str]]]:
    """For each column how many cards there are, and the titles of those that are shown."""
    found = board.read(project.id, OPPORTUNITIES, field(project), {f"stage:{k}": n for k, n in wanted.items()})
    return {c.stage or c.key: (c.count, [r.data["title"] for r in c.cards]) for c in found.columns}


def add(project: Project, *stages: object) -> list[Record]:
    """Records past the rules, the oldest first, called by their numbers."""
    rows = [
        Record(project=project, resource="opportunities", data={"title": str(n)} | ({"stage": s} if s != "" else {}))
        for n, s in enumerate(stages)
    ]
    return Record.objects.bulk_create(rows)


def test_columns_are_the_options_in_their_order_and_all_are_there(deals: Project) -> None:
    assert read(deals) == {stage: (0, []) for stage in STAGES}


def test_latest_change_is_on_top(deals: Project) -> None:
    first, _ = add(deals, "won", "won")
    assert read(deals)["won"] == (2, ["1", "0"])
    service.update_record(
        actor=OPERATOR, project_id=deals.id, resource=OPPORTUNITIES, record_id=first.id, data={"value": 5}
    )
    assert read(deals)["won"] == (2, ["0", "1"])


def test_what_fits_no_column_has_one_of_its_own(deals: Project) -> None:
    add(deals, "", None, "gone", 5, True, ["new"], {"a": 1}, "New", "new ")
    found = read(deals)
    assert list(found) == [*STAGES, "none", "gone"]
    assert (found["none"], found["gone"][0]) == ((2, ["1", "0"]), 7)
    assert all(found[stage] == (0, []) for stage in STAGES)


def test_column_shows_a_few_and_counts_all(deals: Project) -> None:
    add(deals, *["new"] * 47, "won")
    count, shown = read(deals)["new"]
    assert (count, len(shown), shown[0]) == (47, board.CARDS, "46")
    assert [len(cards) for _, cards in (read(deals, new=40)["new"], read(deals, new=99)["new"])] == [40, 47]
    assert len(read(deals, new=1)["new"][1]) == board.CARDS
    assert len(read(deals, **{"x' OR 1=1": 5, "": 7})["new"][1]) == board.CARDS


def test_column_shows_no_more_than_it_may(deals: Project) -> None:
    add(deals, *["new"] * (board.MOST + 5))
    count, shown = read(deals, new=999_999)["new"]
    assert (count, len(shown)) == (board.MOST + 5, board.MOST)


def test_hundred_columns_show_fewer_cards_each(deals: Project) -> None:
    options = tuple(str(n) for n in range(100))
    many = Field("stage", "Stage", "single_choice", options=options)
    add(deals, *["7"] * 30)
    found = board.read(deals.id, OPPORTUNITIES, many, {})
    assert [len(c.cards) for c in found.columns if c.count] == [board.FEWEST] and len(found.columns) == 100


def test_five_thousand_cards_are_read_in_two_queries(
    deals: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add(deals, *(STAGES[n % 6] for n in range(5_000)))
    by = field(deals)
    with django_assert_num_queries(2):
        found = board.read(deals.id, OPPORTUNITIES, by, {})
    assert sum(c.count for c in found.columns) == 5_000
    assert sum(len(c.cards) for c in found.columns) == 6 * board.CARDS


def test_records_of_others_are_not_on_the_board(deals: Project) -> None:
    add(make.project("Other", catalogue="bolten"), "new")
    Record.objects.create(project=deals, resource="contacts", data={"name": "Ann", "stage": "new"})
    assert read(deals)["new"] == (0, [])


def test_name_of_a_stage_is_no_part_of_a_query(deals: Project) -> None:
    options = ("a'b", 'a"b', "a%b", "%s", "a\\b", "$.x", "none", "gone", "stage:new", "ü💩")
    odd = Field("stage", "Stage", "single_choice", options=options)
    add(deals, *options)
    found = board.read(deals.id, OPPORTUNITIES, odd, {"stage:a'b": 6})
    assert [(c.stage, c.count) for c in found.columns] == [(option, 1) for option in options]


# --- What a move is decided on


def change(project: Project, record: Record, data: dict[str, Any], seen: dict[str, object]) -> Record:
    return service.update_record(
        actor=OPERATOR, project_id=project.id, resource=OPPORTUNITIES, record_id=record.id, data=data, seen=seen,
        strict=True,
    ).record  # fmt: skip


def test_record_that_is_as_it_was_seen_is_changed(deals: Project) -> None:
    one, none = add(deals, "new", "")
    assert change(deals, one, {"stage": "won"}, {"stage": "new"}).data["stage"] == "won"
    assert change(deals, none, {"stage": "won"}, {"stage": None}).data["stage"] == "won"


@pytest.mark.parametrize("seen", [{"stage": "lost"}, {"stage": None}, {"stage": "New"}, {"nothing": None}])
def test_record_that_is_not_as_it_was_seen_stays(deals: Project, seen: dict[str, object]) -> None:
    [one] = add(deals, "new")
    with pytest.raises(Conflict) as refused:
        change(deals, one, {"stage": "won"}, seen)
    one.refresh_from_db()
    assert (refused.value.code, one.data["stage"]) == ("changed_meanwhile", "new")


def test_record_that_is_there_already_is_no_conflict(deals: Project) -> None:
    [one] = add(deals, "won")
    assert change(deals, one, {"stage": "won"}, {"stage": "new"}).updated_at == one.updated_at


def test_fault_is_named_before_a_conflict(deals: Project) -> None:
    [one] = add(deals, "new")
    with pytest.raises(Invalid):
        change(deals, one, {"stage": "sold"}, {"stage": "lost"})
