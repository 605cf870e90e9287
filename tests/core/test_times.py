"""Moments as RFC 3339 writes them, and nothing beside."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.core.errors import Invalid
from apps.core.times import parse_moment, rfc3339

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["2027-01-01T00:00:00Z", "2027-01-01t00:00:00z", "2027-01-01 00:00:00.000Z", "2027-01-01T05:30:00+05:30"]
)
def test_moment_is_read_however_it_is_written(text: str) -> None:
    assert parse_moment(text, pointer="/at") == NEW_YEAR


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2027-W01-1T00:00:00Z", "format"),
        ("2027-01-01T00Z", "format"),
        ("2027-01-01T00:00Z", "format"),
        ("20270101T000000Z", "format"),
        ("2027-01-01T00:00:60Z", "format"),
        ("2027-02-30T00:00:00Z", "format"),
        ("0001-01-01T00:00:00+23:59", "format"),
        ("2027-01-01", "format"),
        ("2027-01-01T00:00:00", "zone"),
        (20270101, "type"),
    ],
)
def test_what_is_no_moment_is_refused(text: object, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_moment(text, pointer="/at")
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/at", code)]


def test_what_is_written_is_read_again() -> None:
    moment = datetime(2026, 3, 31, 9, 30, 0, 123456, tzinfo=UTC)
    assert parse_moment(rfc3339(moment), pointer="/at") == moment
