"""The bars of a key's usage."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from apps.dashboard.keys import chart

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


def hour(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_hours_of_a_day_add_up() -> None:
    counts = {hour(20, 1): {True: 3, False: 1}, hour(20, 23): {True: 4, False: 0}, hour(21, 0): {True: 1, False: 0}}
    bars = {bar.label: (bar.accepted, bar.refused) for bar in chart.bars(counts, NOW, "7d").bars}
    assert bars["20 Nov"] == (7, 1) and bars["21 Nov"] == (1, 0) and bars["19 Nov"] == (0, 0)
    assert list(bars) == [f"{day} Nov" for day in range(14, 22)]


def test_days_are_those_of_the_reader() -> None:
    with timezone.override("Asia/Tokyo"):
        drawn = chart.bars({hour(20, 16): {True: 5, False: 0}}, NOW, "7d")
    assert [(bar.label, bar.accepted) for bar in drawn.bars][-1] == ("21 Nov", 5)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
@pytest.mark.parametrize(("window", "slots"), [("24h", 25), ("7d", 8), ("30d", 31)])
@pytest.mark.parametrize("month", [3, 4, 10, 11])
def test_every_slot_is_there_once_also_when_clocks_change(zone: str, window: str, slots: int, month: int) -> None:
    for day in (1, 8, 29, 30):
        with timezone.override(zone):
            drawn = chart.bars({}, datetime(2026, month, day, 10, 30, tzinfo=UTC), window)
        assert len(drawn.bars) in {slots, slots + 1}


def test_bars_stand_on_each_other_and_fill_the_height() -> None:
    drawn = chart.bars({hour(21, 9): {True: 30, False: 10}}, NOW, "24h")
    bar = next(bar for bar in drawn.bars if bar.accepted)
    assert (bar.accepted_y, bar.accepted_height, bar.refused_y, bar.refused_height) == (40, 120, 0, 40)
    assert drawn.bars[-1].x + drawn.bars[-1].width < chart.WIDTH
    assert (drawn.highest, drawn.accepted, drawn.refused, drawn.unit) == (40, 30, 10, "hour")


def test_nothing_is_drawn_of_nothing() -> None:
    drawn = chart.bars({}, NOW, "24h")
    assert drawn.highest == 0 and {bar.accepted_height for bar in drawn.bars} == {0}


def test_what_is_older_than_the_window_is_left_out() -> None:
    assert chart.bars({hour(1, 0): {True: 9, False: 9}}, NOW, "7d").accepted == 0


@pytest.mark.parametrize(("window", "named"), [("24h", 7), ("7d", 8), ("30d", 8)])
def test_axis_names_the_last_slot_and_some_before_it(window: str, named: int) -> None:
    marks = [bar.mark for bar in chart.bars({}, NOW, window).bars]
    assert marks[-1] == "major" and len([mark for mark in marks if mark]) == named
    assert [mark for mark in reversed(marks) if mark][:3] == ["major", "minor", "major"]
