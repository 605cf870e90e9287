"""Which fields a resource has in a project: the catalogue's, until rows of the project say otherwise."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.core.fields import Field
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import models, queries, schema, service
from tests import make

CONTACTS = catalogues.get("bolten").resources["contacts"]
LEADS = catalogues.get("boltcall").resources["leads"]


def row(project: Project, name: str, **over: object) -> models.Field:
    values = {"key": name, "label": name, "type": "text", "order": 1, **over}
    return models.Field.objects.create(project=project, resource="contacts", name=name, **values)


def test_project_without_a_change_has_the_fields_of_its_catalogue(sales: Project) -> None:
    assert schema.fields_of(sales.id, CONTACTS) == CONTACTS.fields
    shown = schema.schema_json(sales.id, CONTACTS)["fields"]
    assert [field["name"] for field in shown] == [field.name for field in CONTACTS.fields]


def test_rows_of_the_project_take_the_place_of_the_catalogue(sales: Project) -> None:
    row(sales, "vat", order=2, key="fld_1", required=True)
    row(sales, "tier", order=1, type="single_choice", options=["a", "b"], description="Which")
    row(sales, "fax", order=3, archived_at=timezone.now())
    expected = (
        Field("tier", "tier", "single_choice", options=("a", "b"), description="Which"),
        Field("vat", "vat", "text", required=True, key="fld_1"),
    )
    assert schema.fields_of(sales.id, CONTACTS) == expected
    assert [entry.field.name for entry in schema.all_fields(sales.id, CONTACTS)] == ["tier", "vat", "fax"]
    assert schema.fields_of(make.project("Other", catalogue="bolten").id, CONTACTS) == CONTACTS.fields


def test_project_whose_fields_are_all_archived_has_none(sales: Project) -> None:
    row(sales, "fax", archived_at=timezone.now())
    assert schema.fields_of(sales.id, CONTACTS) == ()


def test_one_query_where_fields_are_dynamic_and_none_elsewhere(
    sales: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        schema.fields_of(sales.id, CONTACTS)
    with django_assert_num_queries(0):
        schema.fields_of(sales.id, LEADS)


def test_values_are_stored_by_the_key_and_shown_by_the_name(sales: Project) -> None:
    vat = row(sales, "vat", key="fld_1")
    written = service.create_record(
        actor=make.TESTER, project_id=sales.id, resource=CONTACTS, data={"vat": "DE1", "fld_1": "x"}
    )
    assert (written.record.data, written.ignored) == ({"fld_1": "DE1"}, ("fld_1",))
    models.Field.objects.filter(pk=vat.pk).update(name="tax_number")
    shown = queries.record_json(written.record, schema.fields_of(sales.id, CONTACTS), CONTACTS)
    assert shown["tax_number"] == "DE1"


@pytest.mark.parametrize(
    "over", [{"name": "vat"}, {"name": "b", "key": "fld_1"}, {"name": "c", "type": "colour"}], ids=str
)
def test_database_refuses_doubles_and_unknown_types(over: dict[str, str], sales: Project) -> None:
    row(sales, "vat", key="fld_1", archived_at=timezone.now())
    with pytest.raises(IntegrityError, match=r"field_|UNIQUE"), transaction.atomic():
        row(sales, **over)
