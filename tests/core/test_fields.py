"""What of a body is taken: names, required fields, null, changes of a part."""

from __future__ import annotations

import pytest

from apps.core import fields, values
from apps.core.errors import FieldError
from apps.core.fields import Field
from apps.core.values import Cleaned
from tests.core.field_cases import EMAIL, NAME, SAMPLES, STAGE, TAGS, faults, field, stored


def test_every_type_has_a_sample_here_and_accepts_it() -> None:
    assert SAMPLES.keys() == fields.TYPES.keys()
    assert {type: stored(type, value) for type, value in SAMPLES.items()} == SAMPLES


def test_names_that_no_field_has_are_ignored_and_listed_in_the_order_sent() -> None:
    sent = {"zeta": 1, "name": "Ann", "Name": "Ben", "name ": "Cy", "id": "rec_1", "alpha": None}
    assert values.clean([NAME, EMAIL], sent, partial=False) == Cleaned(
        {"name": "Ann"}, ("zeta", "Name", "name ", "id", "alpha")
    )


def test_what_was_not_sent_is_not_in_the_values() -> None:
    assert values.clean([NAME, EMAIL, STAGE], {"name": "Ann"}, partial=False).values == {"name": "Ann"}


def test_values_come_in_the_order_of_the_fields() -> None:
    cleaned = values.clean([NAME, STAGE], {"stage": "won", "name": "Ann"}, partial=False)
    assert list(cleaned.values) == ["name", "stage"]


def test_what_was_sent_is_left_as_it_is() -> None:
    sent = {"tags": ["red"], "other": 1}
    cleaned = values.clean([TAGS], sent, partial=False)
    assert sent == {"tags": ["red"], "other": 1}
    assert cleaned.values["tags"] is not sent["tags"]


@pytest.mark.parametrize("bad", ["a\x00", "\x00", "\ud800", "b\udfff", "\udc00c"])
def test_a_name_that_cannot_be_written_back_is_refused_as_a_fault_of_the_body(bad: str) -> None:
    expected = FieldError("", "A field name has a NUL or half of a surrogate pair.", "text")
    assert faults(NAME, data={"name": "Ann", bad: 1}) == [expected]


def test_names_with_characters_beyond_the_basic_plane_are_ignored_like_others() -> None:
    assert values.clean([], {"\U0001f600": 1, "\ud7ff": 1, "\ue000": 1}, partial=False).ignored == (
        "\U0001f600",
        "\ud7ff",
        "\ue000",
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a", "/a"), ("a/b", "/a~1b"), ("a~b", "/a~0b"), ("~1", "/~01"), ("/~/", "/~1~0~1"), ("", "/")],
)
def test_a_pointer_escapes_as_rfc_6901_says(name: str, expected: str) -> None:
    assert fields.pointer(name) == expected


def test_a_pointer_can_be_written_as_utf_8_whatever_the_name() -> None:
    assert fields.pointer("a\ud800é\udfff") == "/a\\ud800é\\udfff"


def test_faults_point_to_the_field_with_an_escaped_name() -> None:
    odd = Field("a/b", "Odd", "boolean")
    assert faults(odd, data={"a/b": 1}) == [FieldError("/a~1b", "Odd must be true or false.", "type")]


def test_a_required_field_must_be_there() -> None:
    assert faults(NAME, EMAIL, data={}) == [FieldError("/name", "Name is required.", "required")]


def test_a_partial_change_needs_no_required_field() -> None:
    assert values.clean([NAME, EMAIL], {"email": "a@b.cd"}, partial=True).values == {"email": "a@b.cd"}
    assert values.clean([NAME], {}, partial=True) == Cleaned({}, ())


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("type", fields.TYPES)
def test_null_clears_an_optional_field_of_any_type(type: str, *, partial: bool) -> None:
    assert values.clean([field(type)], {"x": None}, partial=partial).values == {"x": None}


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("type", fields.TYPES)
def test_null_is_refused_for_a_required_field_of_any_type(type: str, *, partial: bool) -> None:
    expected = FieldError("/x", "Price is required, so that it cannot be null.", "null")
    assert faults(field(type, required=True), data={"x": None}, partial=partial) == [expected]


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize(
    ("type", "blank"),
    [
        ("text", ""),
        ("text", "  \t\n"),
        ("text", "\u200b\u2060"),
        ("text", "\u00a0"),
        ("long_text", " \r\n "),
        ("multiple_choice", []),
    ],
)
def test_a_required_field_is_not_satisfied_by_what_nobody_sees(type: str, blank: object, *, partial: bool) -> None:
    expected = FieldError("/x", "Price is required, so that it cannot be empty.", "required")
    assert faults(field(type, required=True), data={"x": blank}, partial=partial) == [expected]


@pytest.mark.parametrize(
    ("type", "value"), [("text", " a"), ("text", "\U0001f600"), ("number", 0), ("integer", 0), ("boolean", False)]
)
def test_a_required_field_accepts_zero_false_and_any_visible_character(type: str, value: object) -> None:
    assert values.clean([field(type, required=True)], {"x": value}, partial=False).values == {"x": value}


@pytest.mark.parametrize(("type", "value"), [("text", ""), ("text", "  "), ("long_text", ""), ("multiple_choice", [])])
def test_an_optional_field_may_be_empty(type: str, value: object) -> None:
    assert stored(type, value) == value


def test_each_bad_field_is_named_once_in_the_order_of_the_fields() -> None:
    data = {"stage": 1, "tags": "red", "bad\x00": 1, "email": "no"}
    assert [(f.pointer, f.code) for f in faults(NAME, EMAIL, STAGE, TAGS, data=data)] == [
        ("", "text"),
        ("/name", "required"),
        ("/email", "format"),
        ("/stage", "type"),
        ("/tags", "type"),
    ]
