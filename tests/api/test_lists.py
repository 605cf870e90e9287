"""Lists: pages, order, filters, and what a query may not be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings

from apps.projects.models import Project
from apps.records import cursor as cursors
from apps.records.models import Record
from tests import make
from tests.api.call import call, data, pointers, problem, secret_for

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture
def key(project: Project) -> str:
    return secret_for(project, "leads:read", "leads:write")


def leads(project: Project, count: int, step: timedelta = timedelta(minutes=1)) -> list[str]:
    """Names of leads, the oldest first; each was changed an hour after it was made."""
    Record.objects.bulk_create(
        Record(
            project=project,
            resource="leads",
            data={"name": f"Lead {i:03}", "value": i, "status": "new" if i % 2 else "won"},
            created_at=NOON + i * step,
            updated_at=NOON + i * step + timedelta(hours=1),
        )
        for i in range(count)
    )
    return [f"Lead {i:03}" for i in range(count)]


def names(answer: Any) -> list[str]:
    return [row["name"] for row in answer["data"]]


def all_pages(key: str, query: str) -> list[str]:
    found: list[str] = []
    cursor = ""
    for _ in range(50):
        page = data(call("GET", f"/v1/leads?{query}" + (f"&cursor={quote(cursor)}" if cursor else ""), key))
        found += names(page)
        if page["next_cursor"] is None:
            return found
        cursor = page["next_cursor"]
    raise AssertionError(f"The list does not end: {found}")


def test_list_is_empty_before_there_is_anything(key: str) -> None:
    assert data(call("GET", "/v1/leads", key)) == {"data": [], "next_cursor": None}


def test_list_begins_with_the_newest_and_has_twenty(key: str, project: Project) -> None:
    made = leads(project, 25)
    page = data(call("GET", "/v1/leads", key))
    assert names(page) == made[:4:-1]
    assert page["next_cursor"]


@pytest.mark.parametrize("step", [timedelta(minutes=1), timedelta(0), timedelta(microseconds=1)])
@pytest.mark.parametrize("order", ["created_at", "-created_at", "updated_at", "-updated_at"])
@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_pages_have_every_record_once(order: str, step: timedelta, limit: int, key: str, project: Project) -> None:
    made = leads(project, 7, step)
    found = all_pages(key, f"order={order}&limit={limit}")
    assert sorted(found) == made
    if step:
        assert found == (made[::-1] if order.startswith("-") else made)


def test_last_full_page_has_no_cursor(key: str, project: Project) -> None:
    leads(project, 4)
    assert data(call("GET", "/v1/leads?limit=4", key))["next_cursor"] is None


def test_record_made_meanwhile_shifts_nothing(key: str, project: Project) -> None:
    made = leads(project, 4)
    first = data(call("GET", "/v1/leads?limit=2", key))
    call("POST", "/v1/leads", key, body={"name": "Newest"})
    Record.objects.filter(data__name=made[3]).delete()
    second = data(call("GET", f"/v1/leads?limit=2&cursor={first['next_cursor']}", key))
    assert names(first) + names(second) == made[::-1]


def test_cursor_brings_its_order_along(key: str, project: Project) -> None:
    made = leads(project, 4)
    first = data(call("GET", "/v1/leads?limit=2&order=created_at", key))
    assert names(data(call("GET", f"/v1/leads?cursor={first['next_cursor']}", key))) == made[2:]


def test_list_goes_on_in_the_order_of_its_cursor(key: str, project: Project) -> None:
    made = leads(project, 4)
    cursor = data(call("GET", "/v1/leads?limit=2&order=created_at", key))["next_cursor"]
    other = f"/v1/leads?order=-created_at&cursor={cursor}"
    page = call("GET", other, key)
    assert names(data(page)) == made[2:]
    assert page["Boltkeys-Ignored-Fields"] == "order"
    assert pointers(call("GET", other, key, Prefer="handling=strict")) == {"?order": "cursor"}


def test_cursor_of_another_project_shows_nothing_of_it(key: str, project: Project) -> None:
    other = make.project("Other")
    leads(other, 4)
    cursor = data(call("GET", "/v1/leads?limit=2", secret_for(other, "leads:read")))["next_cursor"]
    assert data(call("GET", f"/v1/leads?cursor={cursor}", key))["data"] == []


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2026-03-31T13:02:00Z", [2, 3]),
        ("2026-03-31T13:02:00.000001Z", [3]),
        ("2026-03-31T15:02:00%2B02:00", [2, 3]),
        ("2026-03-31T15:02:00+02:00", [2, 3]),
        ("2026-03-31T11:02:00-02:00", [2, 3]),
        ("0001-01-01T00:00:00Z", [0, 1, 2, 3]),
        ("9999-12-31T23:59:59Z", []),
    ],
)
def test_updated_since_includes_the_moment(since: str, expected: list[int], key: str, project: Project) -> None:
    made = leads(project, 4)
    page = data(call("GET", f"/v1/leads?updated_since={since}&order=updated_at", key))
    assert names(page) == [made[i] for i in expected]


def test_what_has_changed_is_listed_in_the_order_of_the_changes(key: str, project: Project) -> None:
    made = leads(project, 5)
    assert all_pages(key, "updated_since=2026-03-31T13:01:00Z&limit=2") == made[1:]
    assert all_pages(key, "updated_since=2026-03-31T13:01:00Z&limit=2&order=-created_at") == made[:0:-1]


def test_change_moves_a_record_to_the_end_of_updated_at(key: str, project: Project) -> None:
    made = leads(project, 3)
    first = Record.objects.get(data__name=made[0])
    call("PATCH", f"/v1/leads/{first.id}", key, body={"notes": "called"})
    assert all_pages(key, "order=updated_at&limit=1") == [made[1], made[2], made[0]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=Lead 001", [1]),
        ("name=lead 001", []),
        ("name=", []),
        ("value=2", [2]),
        ("value=2.0", [2]),
        ("value=2e0", [2]),
        ("status=won", [0, 2]),
        ("status=won&value=2", [2]),
        ("status=won&value=1", []),
        ("phone=", None),
        ("name=Lead%25", []),
        ("name=' OR '1'='1", []),
        ('name="Lead 001"', []),
    ],
)
def test_filter_compares_the_value_exactly(query: str, expected: list[int] | None, key: str, project: Project) -> None:
    made = leads(project, 4)
    response = call("GET", f"/v1/leads?order=created_at&{quote(query, safe='=&%')}", key)
    if expected is None:
        assert response.status_code == 422
    else:
        assert names(data(response)) == [made[i] for i in expected]


BAD_QUERIES = {
    "limit=0": {"?limit": "range"},
    "limit=101": {"?limit": "range"},
    "limit=-1": {"?limit": "range"},
    "limit=1.5": {"?limit": "range"},
    "limit=ten": {"?limit": "range"},
    "limit=": {"?limit": "range"},
    "limit=+5": {"?limit": "range"},
    "limit=%D9%A5": {"?limit": "range"},
    "limit=" + "9" * 5000: {"?limit": "range"},
    "limit=5&limit=6": {"?limit": "duplicate"},
    "name=a&name=b": {"?name": "duplicate"},
    "foo=a&foo=b": {"?foo": "duplicate"},
    "order=name": {"?order": "choice"},
    "order=": {"?order": "choice"},
    "order=--created_at": {"?order": "choice"},
    "order=?": {"?order": "choice"},
    "order=data__name": {"?order": "choice"},
    "cursor=": {"?cursor": "cursor"},
    "cursor=x": {"?cursor": "cursor"},
    "cursor=%00": {"?cursor": "cursor"},
    "cursor=%FF%FE": {"?cursor": "cursor"},
    "cursor=====": {"?cursor": "cursor"},
    "cursor=" + "A" * 10_000: {"?cursor": "cursor"},
    "cursor=bnVsbA": {"?cursor": "cursor"},
    "updated_since=": {"?updated_since": "format"},
    "updated_since=yesterday": {"?updated_since": "format"},
    "updated_since=2026-03-31": {"?updated_since": "format"},
    "updated_since=2026-03-31T12:00:00": {"?updated_since": "zone"},
    "updated_since=2026-02-30T12:00:00Z": {"?updated_since": "format"},
    "updated_since=9999-12-31T23:59:59-23:59": {"?updated_since": "format"},
    "updated_since=%00": {"?updated_since": "format"},
    "value=ten": {"?value": "format"},
    "value=NaN": {"?value": "format"},
    "value=1e400": {"?value": "range"},
    "value=" + "9" * 5000: {"?value": "format"},
    "status=best": {"?status": "choice"},
    "email=ann": {"?email": "format"},
    "callback_at=now": {"?callback_at": "format"},
    "name=%00": {"?name": "text"},
    "limit=0&order=x&value=y": {"?limit": "range", "?order": "choice", "?value": "format"},
}


@pytest.mark.parametrize(("query", "expected"), BAD_QUERIES.items(), ids=[q[:40] for q in BAD_QUERIES])
def test_faulty_query_is_422_and_named(query: str, expected: dict[str, str], key: str, project: Project) -> None:
    leads(project, 1)
    assert pointers(call("GET", f"/v1/leads?{query}", key)) == expected


def test_cursor_with_one_changed_character_is_refused(key: str, project: Project) -> None:
    leads(project, 3)
    cursor = data(call("GET", "/v1/leads?limit=1", key))["next_cursor"]
    for i in range(len(cursor)):
        other = cursor[:i] + ("A" if cursor[i] != "A" else "B") + cursor[i + 1 :]
        response = call("GET", f"/v1/leads?cursor={other}", key)
        assert response.status_code == 422 or cursors.decode(other) == cursors.decode(cursor), i


def test_unknown_parameters_are_ignored_and_listed(key: str, project: Project) -> None:
    made = leads(project, 2)
    response = call("GET", "/v1/leads?order=created_at&Name=Lead 001&data__name=x&created_at=1&é=1&id=1", key)
    assert names(data(response)) == made
    assert response["Boltkeys-Ignored-Fields"] == "Name, data__name, created_at, %C3%A9, id"


@pytest.mark.parametrize(
    "name",
    ["name__regex", "name__contains", "data", "project", "project_id", "a%25b", "a'b", 'a"b', "__class__", "pk", "a b"],
)
def test_name_of_a_parameter_is_never_more_than_a_name(name: str, key: str, project: Project) -> None:
    made = leads(project, 2)
    response = call("GET", f"/v1/leads?{name}=Lead&order=created_at", key)
    assert names(data(response)) == made
    assert response["Boltkeys-Ignored-Fields"]


def test_strict_client_is_told_of_unknown_parameters(key: str) -> None:
    response = call("GET", "/v1/leads?Name=Ann&foo=1&limit=5", key, Prefer="handling=strict")
    assert pointers(response) == {"?Name": "unknown_parameter", "?foo": "unknown_parameter"}
    honoured = call("GET", "/v1/leads?limit=5", key, Prefer="handling=strict")
    assert honoured["Preference-Applied"] == "handling=strict"
    assert "Boltkeys-Ignored-Fields" not in honoured


def test_a_thousand_parameters_are_too_many(key: str) -> None:
    query = "&".join(f"x{i}=1" for i in range(2000))
    problem(call("GET", f"/v1/leads?{query}", key), 400, "bad_request")


def test_list_takes_one_query(key: str, project: Project, django_assert_num_queries: Any) -> None:
    leads(project, 30)
    call("GET", "/v1/leads", key)
    gate = 0 if settings.REDIS_URL else 1
    with django_assert_num_queries(1 + gate):
        call("GET", "/v1/leads?limit=25&status=won&order=updated_at", key)
