"""GET /v1/analytics: figures from the project's own records."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.projects.models import Project
from apps.records.models import Record
from tests import make
from tests.api.call import call, data, pointers, problem, secret_for


@pytest.fixture
def key(project: Project) -> str:
    return secret_for(project, "analytics:read")


def lead(project: Project, days_ago: int = 0, **values: object) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    Record.objects.create(project=project, resource="leads", data={"name": "Ann", **values}, created_at=at)


def rows(key: str, query: str = "") -> list[tuple[str, str, int]]:
    answer = data(call("GET", f"/v1/analytics{query}", key))
    assert answer["next_cursor"] is None and all(row["period"] == "30d" for row in answer["data"])
    return [(row["metric"], row["key"], row["value"]) for row in answer["data"]]


def test_there_is_nothing_to_count_in_an_empty_project(key: str) -> None:
    assert rows(key) == []


def test_leads_are_counted_per_day_and_by_source_and_status(key: str, project: Project) -> None:
    lead(project, 1, source="website", status="new")
    lead(project, source="website", status="won")
    lead(project, source="referral")
    lead(make.project("Other"), source="theirs")
    today = timezone.now().date()
    assert rows(key) == [
        ("leads_per_day", str(today - timedelta(days=1)), 1),
        ("leads_per_day", str(today), 2),
        ("leads_by_source", "website", 2),
        ("leads_by_source", "referral", 1),
        ("leads_by_status", "", 1),
        ("leads_by_status", "new", 1),
        ("leads_by_status", "won", 1),
    ]


def test_window_is_thirty_days(key: str, project: Project) -> None:
    for days in (29, 30, 45):
        lead(project, days)
    assert [value for metric, _, value in rows(key) if metric == "leads_per_day"] == [1]


def test_rows_follow_the_records_at_once(key: str, project: Project) -> None:
    writer = secret_for(project, "calls:write")
    made = call("POST", "/v1/calls", writer, body={"to": "+442079460018", "direction": "inbound"})
    assert ("calls_by_direction", "inbound", 1) in rows(key)
    call("DELETE", made["Location"], writer)
    assert rows(key) == []


def test_rows_can_be_filtered_by_their_fields(key: str, project: Project) -> None:
    lead(project, source="website")
    lead(project, source="referral")
    assert rows(key, "?metric=leads_by_source&key=referral") == [("leads_by_source", "referral", 1)]
    assert rows(key, "?value=2&metric=leads_by_status") == [("leads_by_status", "", 2)]
    assert pointers(call("GET", "/v1/analytics?value=x", key)) == {"?value": "format"}
    assert call("GET", "/v1/analytics?limit=1", key)["Boltkeys-Ignored-Fields"] == "limit"
    strict = call("GET", "/v1/analytics?limit=1", key, Prefer="handling=strict")
    assert pointers(strict) == {"?limit": "unknown_parameter"}


def test_rows_are_as_the_schema_says(key: str, project: Project) -> None:
    lead(project)
    fields = data(call("GET", "/v1/analytics/schema", key))["fields"]
    assert [field["name"] for field in fields] == list(data(call("GET", "/v1/analytics", key))["data"][0])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nothing_can_be_written(method: str, key: str) -> None:
    response = call(method, "/v1/analytics", key, body={})
    problem(response, 405, "method_not_allowed")
    assert response["Allow"] == "GET, HEAD"


def test_list_of_values_is_cut_at_fifty(key: str, project: Project) -> None:
    for i in range(55):
        lead(project, source=f"campaign {i:02}")
    assert len(rows(key, "?metric=leads_by_source")) == 50


def test_empty_and_missing_values_are_counted_together(key: str, project: Project) -> None:
    lead(project, source="")
    lead(project)
    assert rows(key, "?metric=leads_by_source") == [("leads_by_source", "", 2)]
