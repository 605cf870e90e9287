"""When a delivery is tried again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.webhooks import schedule

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_the_waits_are_those_of_standard_webhooks() -> None:
    waits = [schedule.wait(tries, 0) for tries in range(1, 10)]
    assert waits == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert schedule.wait(10, 0) is None


@pytest.mark.parametrize("tries", range(1, 10))
def test_jitter_makes_a_wait_longer_by_a_fifth_at_most(tries: int) -> None:
    least, most = schedule.wait(tries, 0), schedule.wait(tries, 0.999)
    assert least and most
    assert least < most < least * 1.2


@pytest.mark.parametrize(("asked", "seconds"), [(60, 60), (2, 5), (10**9, 86400), (0, 5), (None, 5)])
def test_a_receiver_may_ask_for_more_time_up_to_a_day(asked: float | None, seconds: float) -> None:
    assert schedule.wait(1, 0, asked) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("9" * 5000, 999999999),
        ("Sat, 21 Nov 2026 12:01:00 GMT", 60),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("", None),
        (None, None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("Sat, 99 Nov 2026 12:01:00 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str | None, seconds: float | None) -> None:
    assert schedule.retry_after(value, NOW) == seconds
