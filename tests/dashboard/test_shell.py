"""The frame of the pages: who is led where, and what every page comes with."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.projects.models import Project
from tests import make
from tests.dashboard.html import Element, read

pytestmark = pytest.mark.django_db


def navigation(client: Client, path: str) -> Element:
    return read(client.get(path)).one("nav", id="navigation")


def links(client: Client, path: str) -> list[str]:
    return [a.text for a in navigation(client, path).all("a", class_="bk-nav-link")]


def test_administrator_is_led_to_everything(client: Client, alice: User, project: Project) -> None:
    client.force_login(alice)
    assert links(client, "/projects/acme-calls/") == [
        "Overview",
        "Team",
        "API Keys",
        "Revoked / Expired",
        "Webhooks",
        "Audit",
        "API documentation",
        "My keys",
    ]
    assert "Settings › Developer access" in navigation(client, "/projects/acme-calls/").text


def test_member_is_not_led_to_keys(client: Client, bob: User, project: Project) -> None:
    client.force_login(bob)
    assert links(client, "/projects/acme-calls/") == ["Overview", "Team", "My keys"]
    assert "Developer access" not in navigation(client, "/projects/acme-calls/").text


def test_partner_is_led_to_the_overview(client: Client, carol: User, project: Project) -> None:
    client.force_login(carol)
    assert links(client, "/projects/acme-calls/") == ["Overview", "My keys", "Partner area"]


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("", "Overview"),
        ("team/", "Team"),
        ("api-keys/", "API Keys"),
        ("api-keys/new/", "API Keys"),
        ("api-keys/revoked/", "Revoked / Expired"),
        ("audit/", "Audit"),
    ],
)
def test_page_says_where_it_is(client: Client, alice: User, project: Project, path: str, current: str) -> None:
    client.force_login(alice)
    found = navigation(client, f"/projects/acme-calls/{path}").all("a", aria_current="page")
    assert [a.text for a in found] == [current]


def test_pages_of_one_key_belong_to_the_list(client: Client, alice: User, project: Project) -> None:
    client.force_login(alice)
    key = make.key(project)
    for path in ("", "revoke/"):
        found = navigation(client, f"/projects/acme-calls/api-keys/{key.id}/{path}").all("a", aria_current="page")
        assert [a.text for a in found] == ["API Keys"]


def test_projects_can_be_switched_by_those_who_have_several(client: Client, alice: User, project: Project) -> None:
    client.force_login(alice)
    assert not navigation(client, "/projects/acme-calls/").all("details", class_="bk-menu bk-switcher")
    make.project("Second", administrator=alice)
    switcher = navigation(client, "/projects/acme-calls/").one("details", class_="bk-menu bk-switcher")
    assert [a.attributes["href"] for a in switcher.all("a")] == ["/projects/second/"]


def test_test_project_is_marked(client: Client, alice: User) -> None:
    make.project("Sandbox", administrator=alice, environment="test")
    client.force_login(alice)
    assert "Sandbox Test" in navigation(client, "/projects/sandbox/").text


def test_operator_site_is_for_operators(client: Client, alice: User, project: Project) -> None:
    client.force_login(alice)
    assert "Operator site" not in navigation(client, "/projects/acme-calls/").text
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    assert "Operator site" in navigation(client, "/projects/acme-calls/").text


def test_navigation_costs_one_query(client: Client, alice: User, project: Project) -> None:
    client.force_login(alice)
    for i in range(5):
        make.project(f"More {i}", administrator=alice)
    with CaptureQueriesContext(connection) as queries:
        client.get("/projects/acme-calls/api-keys/new/")
    assert len(queries) == 4, [q["sql"] for q in queries]  # session, user, membership, navigation


def test_page_allows_nothing_inline(client: Client, alice: User, project: Project) -> None:
    client.force_login(alice)
    policy = client.get("/projects/acme-calls/api-keys/")["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";") if part.strip())
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert "unsafe" not in policy
