"""Filters mean the same on PostgreSQL and on SQLite: exact value, exact type, exact name."""

from __future__ import annotations

import random
from typing import Any

import pytest

from apps.core.fields import Field
from apps.core.resources import Resource
from apps.core.values import parse_query
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import queries
from apps.records.models import Record
from apps.records.queries import Listing

LEADS = catalogues.get("boltcall").resources["leads"]

VALUES: list[Any] = [
    None, "", "1", "true", "null", "a", "A", "ä", "a\u0308", "😀", "a b", "%", "_", "'", '"', "\\", "\n", '["a"]', "[]",
    "{}", 0, 1, -1, 2, 1.5, 0.1, 0.30000000000000004, 0.3, 1e-7, 1e15, 2**53, -(2**53), 123456789.123, True, False,
    ["a"], ["a", "b"], [], ["1"], [1], {"a": "a"},
]  # fmt: skip
"""What may stand in a column whose field once had another type."""

TYPES: dict[str, Any] = {"text": str, "number": (int, float), "boolean": bool}


def same(stored: Any, wanted: Any) -> bool:
    if isinstance(stored, bool) or isinstance(wanted, bool):
        return stored is wanted
    if isinstance(stored, (int, float)) and isinstance(wanted, (int, float)):
        return stored == wanted
    return type(stored) is type(wanted) and bool(stored == wanted)


def found(project: Project, field: Field, value: object, resource: Resource = LEADS) -> list[Any]:
    page = queries.page(project.id, resource, Listing(limit=100, order="created_at", filters=[(field, value)]))
    return [record.data.get(field.name) for record in page.records]


def store(project: Project, name: str, values: list[Any]) -> None:
    Record.objects.bulk_create(
        Record(project=project, resource="leads", data={} if value is None else {name: value}) for value in values
    )


@pytest.mark.parametrize("wanted", [v for v in VALUES if isinstance(v, (str, int, float))], ids=repr)
def test_value_and_type_are_compared_exactly(wanted: Any, project: Project) -> None:
    store(project, "x", VALUES)
    kind = next(
        kind
        for kind, python in TYPES.items()
        if isinstance(wanted, python) and (kind == "boolean") == isinstance(wanted, bool)
    )
    assert found(project, Field("x", "X", kind), wanted) == [v for v in VALUES if same(v, wanted)]


@pytest.mark.parametrize("wanted", ["a", "b", "1", "A", ""])
def test_multiple_choice_has_the_option_among_others(wanted: str, project: Project) -> None:
    store(project, "x", VALUES)
    expected = [v for v in VALUES if isinstance(v, list) and wanted in v]
    assert found(project, Field("x", "X", "multiple_choice", options=("a", "b", "1", "A")), wanted) == expected


def test_any_number_is_found_by_what_its_json_says(project: Project) -> None:
    chance = random.Random(1)
    numbers = [chance.uniform(-1000, 1000) for _ in range(40)] + [
        chance.uniform(-1, 1) * 10.0 ** chance.randrange(-9, 15) for _ in range(40)
    ]
    store(project, "value", numbers)
    field = Field("value", "Value", "number")
    for number in numbers:
        assert found(project, field, parse_query(field, repr(number))) == [number]


@pytest.mark.parametrize(
    "name",
    ["a__b", "a__regex", "a%b", "a%s", "a'b", 'a"b', "a b", "__class__", "a.b", "a[0]", "$", "0", "", "a\\b", "é"],
)
def test_name_is_data(name: str, project: Project) -> None:
    store(project, name, ["x", "y"])
    store(project, "a", ["x"])
    assert found(project, Field(name, "Odd", "text"), "x") == ["x"]
    assert found(project, Field(name, "Odd", "text"), "z") == []


def test_several_filters_narrow_each_other(project: Project) -> None:
    Record.objects.bulk_create(
        Record(project=project, resource="leads", data={"name": n, "value": v}) for n in "ab" for v in (1, 2)
    )
    filters = [(Field("name", "Name", "text"), "a"), (Field("value", "Value", "number"), 2)]
    page = queries.page(project.id, LEADS, Listing(filters=filters))
    assert [record.data for record in page.records] == [{"name": "a", "value": 2}]
