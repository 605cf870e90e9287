"""The value of a filter `?field=text` in a list."""

from __future__ import annotations

import pytest

from apps.core import values
from apps.core.errors import Invalid
from tests.core.field_cases import NAME, field


def query_refusal(type: str, text: str) -> tuple[str, str]:
    with pytest.raises(Invalid) as refusal:
        values.parse_query(field(type), text)
    [fault] = refusal.value.errors
    assert fault.pointer == "?x"
    return fault.code, fault.detail


@pytest.mark.parametrize(
    ("type", "text", "expected"),
    [
        ("text", "Ann", "Ann"),
        ("text", "", ""),
        ("text", "5", "5"),
        ("long_text", "a\nb", "a\nb"),
        ("number", "5", 5),
        ("number", "-5", -5),
        ("number", "007", 7),
        ("number", "1.50", 1.5),
        ("number", "2e3", 2000.0),
        ("number", "2E-3", 0.002),
        ("number", "-1.5e+3", -1500.0),
        ("number", "0." + "0" * 39 + "1e40", 1.0),
        ("integer", "5", 5),
        ("integer", "5.0", 5),
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("date", "2026-03-31", "2026-03-31"),
        ("date_time", "2026-03-31T09:30:00+02:00", "2026-03-31T07:30:00Z"),
        ("email", " ann@example.com ", "ann@example.com"),
        ("phone", "112", "112"),
        ("url", "https://example.com", "https://example.com"),
        ("single_choice", "red", "red"),
        ("multiple_choice", "red", "red"),
    ],
)
def test_a_filter_has_the_type_of_its_field(type: str, text: str, expected: object) -> None:
    result = values.parse_query(field(type), text)
    assert (result, result.__class__) == (expected, expected.__class__)


@pytest.mark.parametrize(
    "text",
    [
        *("", "five", "1,5", "0x10", "1_000", " 5", "5 ", "+5", "--5", ".5", "5.", "1e", "NaN", "Infinity", "inf", "٣"),
        *("1e1000", "9" * 41, "1" * 5_000, "0." + "1" * 41, "true"),
    ],
)
@pytest.mark.parametrize("type", ["number", "integer"])
def test_a_filter_that_is_no_number_is_refused(type: str, text: str) -> None:
    assert query_refusal(type, text) == ("format", "Price must be a number.")


@pytest.mark.parametrize("text", ["9007199254740993", "-9007199254740993", "1e999", "-1e400", "9" * 40])
def test_a_filter_that_no_number_can_equal_is_refused(text: str) -> None:
    detail = "Price must be a number from -9007199254740992 to 9007199254740992."
    assert query_refusal("number", text) == ("range", detail)


def test_a_filter_by_a_whole_number_has_no_fraction() -> None:
    assert query_refusal("integer", "1.5") == ("type", "Price must be a whole number.")


@pytest.mark.parametrize("text", ["", "True", "1", "yes", "false ", "null"])
def test_a_filter_by_a_boolean_is_the_word_true_or_false(text: str) -> None:
    assert query_refusal("boolean", text) == ("format", "Price must be true or false.")


@pytest.mark.parametrize("type", ["single_choice", "multiple_choice"])
def test_a_filter_by_a_choice_is_one_option(type: str) -> None:
    assert query_refusal(type, "black") == ("choice", "Price must be one of: red, green, blue.")


@pytest.mark.parametrize(
    ("type", "text", "code"),
    [
        ("text", "\x00", "text"),
        ("text", "a" * 1_001, "too_long"),
        ("date", "tomorrow", "format"),
        ("date_time", "2026-03-31T09:30:00 02:00", "format"),
        ("email", "ann", "format"),
        ("single_choice", "\x00", "text"),
        ("multiple_choice", "\x00", "choice"),
    ],
)
def test_a_filter_is_judged_like_a_value(type: str, text: str, code: str) -> None:
    assert query_refusal(type, text)[0] == code


def test_a_filter_by_a_required_field_may_be_empty() -> None:
    assert values.parse_query(NAME, "") == ""
