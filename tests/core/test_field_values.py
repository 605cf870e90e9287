"""Which values a field of each type takes, and what is stored of them."""

from __future__ import annotations

import json
import time

import pytest

from apps.core import fields, values
from apps.core.fields import Field
from tests.core.field_cases import SAMPLES, TAGS, refusal, stored

WRONG_TYPES = {
    "must be text.": (
        ["text", "long_text", "date", "date_time", "email", "phone", "url", "single_choice"],
        [1, 1.5, True, ["a"], {"a": 1}],
    ),
    "must be a number.": (["number", "integer"], ["1", "", True, False, [1], {}]),
    "must be true or false.": (["boolean"], ["true", "", 1, 0, 0.0, [], {}]),
    "must be a list of text.": (["multiple_choice"], ["red", 1, True, {"red": 1}, ["red", 1], [["red"]], [None], [{}]]),
}


@pytest.mark.parametrize(
    ("type", "value", "detail"),
    [(type, value, detail) for detail, (types, values) in WRONG_TYPES.items() for type in types for value in values],
)
def test_nothing_is_coerced_from_another_type(type: str, value: object, detail: str) -> None:
    assert refusal(type, value) == ("type", f"Price {detail}")


TEXTUAL = ["text", "long_text", "date", "date_time", "email", "phone", "url", "single_choice"]


@pytest.mark.parametrize("bad", [*map(chr, (0, 0xD800, 0xDBFF, 0xDC00, 0xDFFF)), "a\x00b", "\udbffb"])
@pytest.mark.parametrize("type", TEXTUAL)
def test_text_of_any_type_is_refused_with_nul_or_a_lone_surrogate(type: str, bad: str) -> None:
    assert refusal(type, bad) == ("text", "Price must be without NUL and without half of a surrogate pair.")


@pytest.mark.parametrize("bad", ["red\x00", "\ud800"])
def test_an_option_in_a_list_is_refused_with_nul_or_a_lone_surrogate(bad: str) -> None:
    assert refusal("multiple_choice", ["red", bad])[0] == "text"


@pytest.mark.parametrize(("type", "limit", "shown"), [("text", 1_000, "1,000"), ("long_text", 20_000, "20,000")])
def test_text_has_a_greatest_length_in_characters(type: str, limit: int, shown: str) -> None:
    assert stored(type, "\U0001f600" * limit) == "\U0001f600" * limit
    assert refusal(type, "a" * (limit + 1)) == ("too_long", f"Price must have at most {shown} characters.")


def test_text_is_kept_as_it_was_sent() -> None:
    text = " <b>a</b>\t\r\n\u202ee\u0301\ud7ff\ue000 "
    assert stored("text", text) == text
    assert stored("long_text", text) == text


@pytest.mark.parametrize("value", [0, -1, 1.5, -0.25, 1e15, 2**53, -(2**53), float(2**53)])
def test_a_number_is_kept_as_it_was_sent(value: float) -> None:
    result = stored("number", value)
    assert result == value
    assert type(result) is type(value)


OUT_OF_RANGE = [2**53 + 1, -(2**53) - 1, 10**400, 1e17, -1e300, float("inf"), float("-inf"), float("nan")]


@pytest.mark.parametrize("value", OUT_OF_RANGE)
@pytest.mark.parametrize("type", ["number", "integer"])
def test_a_number_that_others_would_read_differently_is_refused(type: str, value: float) -> None:
    detail = "Price must be a number from -9007199254740992 to 9007199254740992."
    assert refusal(type, value) == ("range", detail)


@pytest.mark.parametrize("value", [1.5, -0.1, 1e-9])
def test_an_integer_has_no_fraction(value: float) -> None:
    assert refusal("integer", value) == ("type", "Price must be a whole number.")


@pytest.mark.parametrize(("value", "expected"), [(7, 7), (-7, -7), (7.0, 7), (0.0, 0), (2**53, 2**53)])
def test_an_integer_may_be_written_with_a_zero_fraction_and_is_stored_without(value: float, expected: int) -> None:
    result = stored("integer", value)
    assert result == expected
    assert type(result) is int


@pytest.mark.parametrize("value", [True, False])
def test_a_boolean_is_true_or_false(*, value: bool) -> None:
    assert stored("boolean", value) is value


@pytest.mark.parametrize("value", ["2026-03-31", "2024-02-29", "0001-01-01", "9999-12-31"])
def test_a_date_is_stored_as_it_was_sent(value: str) -> None:
    assert stored("date", value) == value


@pytest.mark.parametrize(
    "value",
    [
        *("", "today", "2026-02-29", "2026-13-01", "2026-00-01", "2026-01-32", "0000-01-01", "20260331", "2026-W14-2"),
        *("2026-3-31", "26-03-31", "2026-03-31T00:00:00Z", "2026-03-31 ", " 2026-03-31", "2026-03-31\n", "12026-03-31"),
        *("२०२६-03-31", "-2026-03-31", "2026/03/31", "2026-03-310"),
    ],
)
def test_what_is_no_calendar_date_is_refused(value: str) -> None:
    assert refusal("date", value) == ("format", "Price must be a date, such as 2026-03-31.")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2026-03-31T09:30:00Z", "2026-03-31T09:30:00Z"),
        ("2026-03-31T09:30:00+02:00", "2026-03-31T07:30:00Z"),
        ("2026-03-31T23:30:00-05:30", "2026-04-01T05:00:00Z"),
        ("2026-03-31t09:30:00z", "2026-03-31T09:30:00Z"),
        ("2026-03-31 09:30:00Z", "2026-03-31T09:30:00Z"),
        ("2026-03-31T09:30:00-00:00", "2026-03-31T09:30:00Z"),
        ("2026-03-31T09:30:00.5Z", "2026-03-31T09:30:00.500000Z"),
        ("2026-03-31T09:30:00.000Z", "2026-03-31T09:30:00Z"),
        ("2026-03-31T09:30:00.123456789Z", "2026-03-31T09:30:00.123456Z"),
        ("2026-03-31T00:00:00+23:59", "2026-03-30T00:01:00Z"),
        ("2026-03-31T19:59:59Z", "2026-03-31T19:59:59Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_a_date_time_is_stored_in_utc(sent: str, expected: str) -> None:
    assert stored("date_time", sent) == expected
    assert stored("date_time", expected) == expected


def test_a_date_time_is_stored_in_utc_wherever_the_server_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as here:
        here.setenv("TZ", "America/Bogota")
        time.tzset()
        assert stored("date_time", "2026-03-31T09:30:00+02:00") == "2026-03-31T07:30:00Z"
    time.tzset()


@pytest.mark.parametrize(
    "value",
    [
        *("", "now", "2026-03-31", "2026-03-31T09:30:00", "2026-03-31T09:30Z", "2026-03-31T09:30:00.Z", "1774949400"),
        *("2026-03-31T24:00:00Z", "2026-03-31T09:60:00Z", "2026-03-31T09:30:60Z", "2026-02-30T09:30:00Z"),
        *(
            "2026-03-31T09:30:00+2",
            "2026-03-31T09:30:00+0200",
            "2026-03-31T09:30:00+24:00",
            "2026-03-31T09:30:00+01:60",
        ),
        *("2026-03-31X09:30:00Z", "2026-03-31T09:30:00Z ", " 2026-03-31T09:30:00Z", "2026-03-31T09:30:00Z\n"),
        *("2026-03-31T09:30:00.1234567890Z", "2026-03-31T09:30:00,5Z", "20260331T093000Z", "2026-03-31T०9:30:00Z"),
        *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "2026-03-31T09:30:00ZZ"),
    ],
)
def test_what_is_no_moment_with_a_zone_is_refused(value: str) -> None:
    detail = "Price must be a date and time with a time zone, such as 2026-03-31T09:30:00Z."
    assert refusal("date_time", value) == ("format", detail)


@pytest.mark.parametrize("value", ["red", "blue"])
def test_a_single_choice_is_one_of_the_options(value: str) -> None:
    assert stored("single_choice", value) == value


@pytest.mark.parametrize("value", ["", "Red", "red ", "black", "red,green", "re"])
def test_what_is_no_option_is_refused_with_the_options(value: str) -> None:
    expected = ("choice", "Price must be one of: red, green, blue.")
    assert refusal("single_choice", value) == expected
    assert refusal("multiple_choice", ["green", value]) == expected


def test_a_multiple_choice_keeps_the_order_sent() -> None:
    assert stored("multiple_choice", ["blue", "red"]) == ["blue", "red"]


@pytest.mark.parametrize("value", [["red", "red"], ["black", "red", "black"], ["red", "blue", "red"]])
def test_a_multiple_choice_names_each_option_once(value: list[str]) -> None:
    assert refusal("multiple_choice", value) == ("duplicate", "Price must name each option once.")


def test_all_that_is_stored_can_be_written_as_json_and_cleaned_again() -> None:
    some = [Field(type, type, type, options=TAGS.options if type in fields.CHOICES else ()) for type in fields.TYPES]
    once = values.clean(some, SAMPLES, partial=False).values
    again = json.loads(json.dumps(once, allow_nan=False).encode())
    assert values.clean(some, again, partial=False).values == once
