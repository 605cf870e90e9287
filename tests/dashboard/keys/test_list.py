"""The list of active keys."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.core.verify import Ask
from apps.gate import gate
from apps.keys import service
from apps.keys.models import Key
from apps.projects.models import Project
from apps.usage.models import KeySeen, KeyUsage
from tests import make
from tests.dashboard.html import Element, read

pytestmark = pytest.mark.django_db

QUERY_BUDGET = 12


def page(client: Client, query: str = "", **headers: str) -> Element:
    response = client.get(f"/projects/acme-calls/api-keys/{query}", headers=headers)
    assert response.status_code == 200
    return read(response)


def names(client: Client, query: str = "") -> list[str]:
    return [row["Name"] for row in page(client, query).rows()]


def hour(ago: timedelta) -> datetime:
    return (timezone.now() - ago).replace(minute=0, second=0, microsecond=0)


def test_row_says_what_the_key_is_and_does(signed_in: Client, project: Project) -> None:
    key = make.key(project, "Website", scopes=["leads:write", "leads:read", "calls:read"])
    KeySeen.objects.create(key_id=key.id, used_at=timezone.now() - timedelta(minutes=5), used_ip="203.0.113.9")
    for ago, count in ((timedelta(hours=1), 3), (timedelta(days=3), 40), (timedelta(days=20), 1200)):
        KeyUsage.objects.create(key_id=key.id, hour=hour(ago), resource="leads", outcome="ok", count=count)
    KeyUsage.objects.create(key_id=key.id, hour=hour(timedelta(0)), resource="leads", outcome="rate_limited", count=9)

    row = page(signed_in).rows()[0]

    assert (row["Name"], row["Key ID"], row["Key"]) == ("Website", key.id, key.mask)
    assert row["Created"].startswith("just now (") and row["Created"].endswith("UTC) by tester@example.com")
    assert row["Expires"] == "Never"
    assert row["Last used"].startswith("5 minutes ago (") and row["Last used"].endswith("UTC) from 203.0.113.9")
    assert row["Permissions"] == "Restricted Calls (read), Leads (read and write)"
    assert (row["24 h"], row["7 d"], row["30 d"]) == ("3", "43", "1,243")


def test_columns_have_the_names_of_the_contract(signed_in: Client, project: Project) -> None:
    make.key(project)
    columns = list(page(signed_in).rows()[0])
    assert columns == [
        "Name", "Key ID", "Key", "Created", "Expires", "Last used", "Permissions", "24 h", "7 d", "30 d", "Actions",
    ]  # fmt: skip


def test_row_has_a_button_that_names_the_key_it_revokes(signed_in: Client, project: Project) -> None:
    key = make.key(project, "Website")
    button = page(signed_in).one("button", aria_label="Revoke Website")
    assert button.attributes["type"] == "submit"
    form = next(f for f in page(signed_in).all("form") if f.all("button", aria_label="Revoke Website"))
    assert form.attributes["action"] == f"/projects/acme-calls/api-keys/{key.id}/revoke/"
    assert form.attributes["method"] == "get"


def test_more_than_three_resources_are_all_named_to_screen_readers(signed_in: Client, project: Project) -> None:
    make.key(project, scopes=["calls:read", "leads:read", "agents:read", "contacts:read", "analytics:read"])
    permissions = page(signed_in).rows()[0]["Permissions"]
    assert permissions == (
        "Restricted Calls (read), Leads (read), Agents (read), and 2 more Contacts (read), Analytics (read)"
    )


def test_unrestricted_key_says_so(client: Client, alice: User) -> None:
    project = make.project("Voice", catalogue="voice", administrator=alice)
    make.key(project, unrestricted=True)
    client.force_login(alice)
    assert read(client.get("/projects/voice/api-keys/")).rows()[0]["Permissions"] == "Unrestricted"


def test_key_that_expires_within_seven_days_stands_out(signed_in: Client, project: Project) -> None:
    make.key(project, "Soon", expires_at=timezone.now() + timedelta(days=6))
    make.key(project, "Later", expires_at=timezone.now() + timedelta(days=8))
    marked = [e.text for e in page(signed_in).all("span", class_="bk-status bk-status-warning")]
    assert len(marked) == 1 and marked[0].startswith("in 5 days")


def test_only_active_keys_of_this_project_are_listed(signed_in: Client, project: Project, mallory: User) -> None:
    make.key(project, "Active")
    make.expire(make.key(project, "Expired", expires_at=timezone.now() + timedelta(days=1)))
    service.revoke_key(actor=make.TESTER, key=make.key(project, "Revoked"), reason="unused")
    make.key(Project.objects.get(slug="mallorys"), "Elsewhere")
    assert names(signed_in) == ["Active"]


def test_name_with_markup_is_shown_as_it_is(signed_in: Client, project: Project) -> None:
    make.key(project, "<img src=x onerror=alert(1)>")
    response = signed_in.get("/projects/acme-calls/api-keys/")
    assert b"<img" not in response.content
    assert read(response).rows()[0]["Name"] == "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize("part", ["WEBS", "bsi"])
def test_search_finds_parts_of_names_in_any_case(signed_in: Client, project: Project, part: str) -> None:
    make.key(project, "Website")
    make.key(project, "CRM")
    assert names(signed_in, f"?q={part}") == ["Website"]


def test_search_finds_by_id_and_by_the_end_of_the_mask(signed_in: Client, project: Project) -> None:
    key = make.key(project, "Website")
    make.key(project, "CRM")
    assert names(signed_in, f"?q={key.id}") == ["Website"]
    assert names(signed_in, f"?q={key.mask[-4:]}") == ["Website"]


def test_search_with_a_whole_secret_finds_the_key_and_repeats_no_secret(signed_in: Client, project: Project) -> None:
    new = make.new_key(project, "Website")
    make.key(project, "CRM")
    response = signed_in.get("/projects/acme-calls/api-keys/", {"q": f" {new.secret}", "order": "name"})
    assert response.status_code == 302 and new.secret not in response["Location"]
    found = signed_in.get(response["Location"])
    assert [row["Name"] for row in read(found).rows()] == ["Website"]
    assert new.secret not in found.content.decode()


@pytest.mark.parametrize("words", ["\0", "%", "_", "\\", "'", "😀", "\u202e", "x" * 10_000, "sk_live_" + "a" * 60])
def test_search_takes_anything(signed_in: Client, project: Project, words: str) -> None:
    make.key(project, "Website")
    assert signed_in.get("/projects/acme-calls/api-keys/", {"q": words}, follow=True).status_code == 200


def test_search_without_a_match_says_what_was_looked_for(signed_in: Client, project: Project) -> None:
    make.key(project, "Website")
    text = page(signed_in, "?q=zebra").text
    assert "No active key matches" in text and "“zebra”" in text and "Show all keys" in text


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("name", ["Alpha", "Beta", "Gamma"]),
        ("-name", ["Gamma", "Beta", "Alpha"]),
        ("created_at", ["Beta", "Gamma", "Alpha"]),
        ("-created_at", ["Alpha", "Gamma", "Beta"]),
        ("expires_at", ["Gamma", "Alpha", "Beta"]),
        ("-expires_at", ["Alpha", "Gamma", "Beta"]),
        ("used_at", ["Beta", "Alpha", "Gamma"]),
        ("nonsense", ["Alpha", "Gamma", "Beta"]),
        ("digest", ["Alpha", "Gamma", "Beta"]),
    ],
)
def test_list_is_sorted_as_asked(signed_in: Client, project: Project, order: str, expected: list[str]) -> None:
    now = timezone.now()
    for age, (name, life) in enumerate((("Alpha", 20), ("Gamma", 10), ("Beta", None))):
        expires_at = now + timedelta(days=life) if life else None
        key = make.key(project, name, expires_at=expires_at)
        Key.objects.filter(pk=key.pk).update(created_at=now - timedelta(days=age))
        if name != "Gamma":
            KeySeen.objects.create(key_id=key.id, used_at=now - timedelta(hours=1 if name == "Alpha" else 2))
    assert names(signed_in, f"?order={order}") == expected


def test_header_says_how_the_list_is_sorted_and_turns_it_round(signed_in: Client, project: Project) -> None:
    make.key(project)
    header = next(th for th in page(signed_in, "?order=name&q=web&page=1").all("th") if th.text == "Name")
    assert header.attributes["aria-sort"] == "ascending"
    assert header.one("a").attributes["href"] == "?order=-name&q=web"


def test_page_shows_25_keys_and_leads_to_the_others(signed_in: Client, project: Project) -> None:
    for i in range(27):
        make.key(project, f"Key {i:02}")
    assert len(names(signed_in, "?order=name")) == 25
    assert names(signed_in, "?order=name&page=2") == ["Key 25", "Key 26"]
    assert names(signed_in, "?order=name&page=99") == ["Key 25", "Key 26"]
    assert len(names(signed_in, "?order=name&page=x")) == 25
    links = page(signed_in, "?order=name").one("nav", aria_label="Pages").all("a")
    assert [a.text for a in links] == ["Page 1", "Page 2", "Next page"]
    assert links[1].attributes["href"] == "?order=name&page=2"


def test_empty_list_says_what_keys_are_for_and_how_to_make_one(signed_in: Client) -> None:
    empty = page(signed_in)
    assert "No active keys" in empty.text
    assert [a.attributes["href"] for a in empty.all("a") if a.text == "Create API key"] == [
        "/projects/acme-calls/api-keys/new/"
    ]


def test_htmx_gets_the_table_alone_and_caches_keep_the_two_apart(signed_in: Client, project: Project) -> None:
    make.key(project, "Website")
    response = signed_in.get("/projects/acme-calls/api-keys/", headers={"HX-Request": "true"})
    assert b"<html" not in response.content
    assert read(response).rows()[0]["Name"] == "Website"
    assert "HX-Request" in response["Vary"]


def test_good_practice_names_the_limit_and_who_raises_it(signed_in: Client, project: Project) -> None:
    text = page(signed_in).one("details", id="good-practice").text
    assert "60 requests in any 60 seconds" in text and "support@example.com" in text
    assert "create a new key" in text


def test_counts_of_a_moment_ago_are_there(signed_in: Client, project: Project) -> None:
    assert gate.verify(make.new_key(project).secret, Ask("leads", ip="192.0.2.9"))
    row = page(signed_in).rows()[0]
    assert row["24 h"] == "1" and row["Last used"].startswith("just now")


def test_page_with_ten_thousand_keys_stays_within_its_budget(signed_in: Client, project: Project) -> None:
    _plan_for_few()
    now = timezone.now()
    Key.objects.bulk_create(
        Key(
            project=project, name=f"Key {i}", environment="live", digest=i.to_bytes(32, "big"), mask="sk_live_…xxxx",
            rate_limit=60, created_at=now - timedelta(minutes=i), created_by="tester",
        )
        for i in range(10_000)
    )  # fmt: skip
    for query in ("", "?q=key+99", "?order=used_at", "?page=400"):
        with CaptureQueriesContext(connection) as queries:
            assert len(names(signed_in, query)) == 25
        assert len(queries) <= QUERY_BUDGET, [q["sql"] for q in queries]


def _plan_for_few() -> None:
    """PostgreSQL goes by what it last knew: that no table has a row. What then takes a row times a row is given up."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("UPDATE pg_class SET reltuples = 0, relpages = 1 WHERE relname LIKE 'keys_%'")
            cursor.execute("SET LOCAL statement_timeout = '10s'")
