"""How a field may be defined, in a catalogue or by an administrator."""

from __future__ import annotations

import pytest

from apps.core import fields
from apps.core.errors import Invalid
from apps.core.fields import Field


def definition_faults(**over: object) -> list[tuple[str, str, str]]:
    with pytest.raises(Invalid) as refusal:
        fields.define(**({"name": "size", "label": "Size", "type": "text"} | over))  # type: ignore[arg-type]
    return [(fault.pointer, fault.code, fault.detail) for fault in refusal.value.errors]


def test_a_definition_needs_a_name_a_label_and_a_type() -> None:
    assert fields.define(name="size", label="Size", type="number") == Field("size", "Size", "number", False, (), "")


def test_a_definition_keeps_all_that_is_said() -> None:
    made = fields.define(
        name="size",
        label=" Size  in cm ",
        type="single_choice",
        required=True,
        options=[" S ", "M"],
        description="How large.",
    )
    assert made == Field("size", "Size in cm", "single_choice", True, ("S", "M"), "How large.")


@pytest.mark.parametrize("name", ["a", "z9", "a_b_", "class", "from", "a" * 63])
def test_a_name_of_a_field_is_a_lower_case_word(name: str) -> None:
    assert fields.define(name=name, label="X", type="text").name == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "_",
            "_a",
            "9a",
            "A",
            "aB",
            "a b",
            "a-b",
            "a.b",
            "a%b",
            "a'b",
            'a"b',
            "a/b",
            "ä",
            "a\n",
            "a\x00",
            " a",
            "a" * 64,
        ),
        *("a__b", "__class__", "a__", "name__regex", "\ud800"),
    ],
)
def test_a_name_that_could_be_code_is_refused(name: str) -> None:
    detail = "A name has 1 to 63 of a-z, 0-9 and _, starts with a letter and has no __."
    assert definition_faults(name=name) == [("/name", "name", detail)]


def test_a_name_is_asked_for() -> None:
    assert definition_faults(name="") == [("/name", "required", "Give it a name, such as annual_budget.")]


@pytest.mark.parametrize("name", ["id", "created_at", "updated_at", "limit", "cursor", "order", "updated_since"])
def test_a_name_that_every_record_or_list_uses_is_refused(name: str) -> None:
    detail = f"Every list and record of the API uses {name} already. Choose another name."
    assert definition_faults(name=name) == [("/name", "reserved", detail)]


@pytest.mark.parametrize("type", ["", "Text", "string", "integer ", "int"])
def test_an_unknown_type_is_refused_with_those_there_are(type: str) -> None:
    known = (
        "text, long_text, number, integer, boolean, date, date_time, email, phone, url, single_choice, multiple_choice"
    )
    assert definition_faults(type=type) == [("/type", "type", f"There is no such type. Use one of: {known}.")]


@pytest.mark.parametrize(
    ("label", "code", "detail"),
    [
        ("", "required", "Give it a label of 1 to 80 characters."),
        ("a" * 81, "too_long", "The label may have at most 80 characters."),
        ("a\u202eb", "characters", "The label has invisible or control characters. Type it anew."),
    ],
)
def test_a_label_is_a_name_that_people_can_read(label: str, code: str, detail: str) -> None:
    assert definition_faults(label=label) == [("/label", code, detail)]


@pytest.mark.parametrize("type", sorted(fields.TYPES.keys() - fields.CHOICES))
def test_only_a_choice_has_options(type: str) -> None:
    detail = "Only a choice has options. Remove them, or change the type."
    assert definition_faults(type=type, options=["a"]) == [("/options", "options", detail)]


@pytest.mark.parametrize("count", [0, 101])
@pytest.mark.parametrize("type", ["single_choice", "multiple_choice"])
def test_a_choice_needs_options_and_not_too_many(type: str, count: int) -> None:
    options = [f"o{i}" for i in range(count)]
    assert definition_faults(type=type, options=options) == [
        ("/options", "options", "A choice needs 1 to 100 options.")
    ]


@pytest.mark.parametrize("count", [1, 100])
@pytest.mark.parametrize("type", ["single_choice", "multiple_choice"])
def test_a_choice_has_one_to_a_hundred_options(type: str, count: int) -> None:
    options = tuple(f"o{i}" for i in range(count))
    assert fields.define(name="size", label="Size", type=type, options=options).options == options


def test_a_bad_option_is_pointed_to() -> None:
    assert definition_faults(type="single_choice", options=["S", "", "M", "a\x00"]) == [
        ("/options/1", "required", "Give it a value of 1 to 80 characters."),
        ("/options/3", "characters", "The value has invisible or control characters. Type it anew."),
    ]


def test_options_that_look_the_same_are_refused_once_each() -> None:
    same = "This option is there already."
    assert definition_faults(type="single_choice", options=["S", "M", " S", "", "S", ""]) == [
        ("/options/3", "required", "Give it a value of 1 to 80 characters."),
        ("/options/5", "required", "Give it a value of 1 to 80 characters."),
        ("/options/2", "duplicate", same),
        ("/options/4", "duplicate", same),
    ]


def test_a_description_is_one_line_of_at_most_300_characters() -> None:
    assert fields.define(name="a", label="A", type="text", description="é" * 300).description == "é" * 300
    long = ("/description", "too_long", "A description has at most 300 characters.")
    assert definition_faults(description="a" * 301) == [long]
    control = ("/description", "characters", "A description is one line without control characters.")
    for text in ("a\nb", "a\x00", "a\u202eb", "\ud800"):
        assert definition_faults(description=text) == [control]


def test_every_fault_of_a_definition_is_named_at_once() -> None:
    found = definition_faults(name="id", label="", type="choice", options=["a"], description="a\n")
    assert [pointer for pointer, _, _ in found] == ["/name", "/label", "/type", "/options", "/description"]
