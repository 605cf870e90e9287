"""The first page, the overview of a project, and what load balancers ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.core.actor import OPERATOR
from apps.keys import service as keys
from apps.keys.models import Key
from apps.projects import service
from apps.projects.models import Project
from apps.records.models import Record
from apps.usage.models import KeyUsage
from tests import make

pytestmark = pytest.mark.django_db


def page(user: User, path: str = "/") -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def count(key: Key, outcome: str, number: int, ago: timedelta = timedelta(0)) -> None:
    hour = (timezone.now() - ago).replace(minute=0, second=0, microsecond=0)
    KeyUsage.objects.create(key_id=key.id, hour=hour, resource="leads", outcome=outcome, count=number)


def test_home_leads_to_the_only_project(project: Project, bob: User) -> None:
    client = Client()
    client.force_login(bob)
    assert client.get("/")["Location"] == f"/projects/{project.slug}/"


def test_home_lists_several_projects_with_role_and_environment(project: Project, alice: User) -> None:
    make.project("Beta", administrator=alice, environment="test")
    shown = page(alice)
    for part in ("Acme Calls", "Beta", "/projects/beta/", ">Test<", ">Live<", "Administrator"):
        assert part in shown


def test_home_tells_somebody_without_a_project_what_to_do(alice: User) -> None:
    assert "You are in no project yet" in page(alice)


def test_the_overview_counts_records_of_each_resource(project: Project, alice: User, mallory: User) -> None:
    Record.objects.bulk_create(Record(project=project, resource="leads") for _ in range(1_234))
    Record.objects.create(project=Project.objects.get(name="Mallory's"), resource="calls")
    shown = page(alice, f"/projects/{project.slug}/")
    assert '<p class="bk-tally-label">Leads</p> <p class="bk-tally">1,234</p>' in shown
    assert '<p class="bk-tally-label">Calls</p> <p class="bk-tally">0</p>' in shown
    assert "Analytics" not in shown, "what is computed has no records of its own"


@pytest.mark.parametrize("role", ["member", "partner"])
def test_the_overview_tells_of_no_data_that_the_reader_may_not_read(project: Project, role: str) -> None:
    Record.objects.create(project=project, resource="leads")
    dora = make.user("dora@example.com")
    make.member(project, dora, role, ("calls:read", "leads:write"))
    shown = page(dora, f"/projects/{project.slug}/")
    assert '<p class="bk-tally-label">Calls</p>' in shown
    assert 'bk-tally-label">Leads' not in shown and "Latest" not in shown, (
        "writing does not include reading in boltcall"
    )
    project.memberships.get(user=dora).grants.all().delete()
    shown = page(dora, f"/projects/{project.slug}/")
    assert "bk-tally-label" not in shown and "You may not read any data of this project yet." in shown


def test_an_administrator_sees_the_use_of_keys_and_shortcuts(project: Project, alice: User) -> None:
    site = make.key(project, "Site", expires_at=timezone.now() + timedelta(days=3))
    gone = make.key(project, "Gone")
    keys.revoke_key(actor=OPERATOR, key=gone, reason="leaked")
    count(site, "ok", 1_000)
    count(site, "ok", 200, timedelta(days=3))
    count(site, "ok", 30, timedelta(days=20))
    count(site, "ok", 4_000, timedelta(days=40))
    count(site, "missing_scope", 7)
    count(gone, "revoked", 5)
    shown = page(alice, f"/projects/{project.slug}/")
    for part in (">1</a>", "1 expires within 7 days", ">1,000<", ">1,200<", ">1,230<", "12 refused", ">5</a>"):
        assert part in shown
    for part in ("Create API key", "Revoked / Expired", "Audit"):
        assert part in shown


@pytest.mark.parametrize("who", ["bob@example.com", "carol@example.com"])
def test_others_see_nothing_about_keys_and_who_can_help(project: Project, who: str) -> None:
    make.key(project, "A key of ours")
    shown = page(User.objects.get(email=who), f"/projects/{project.slug}/")
    for part in ("API key</", f"/projects/{project.slug}/api-keys/", "A key of ours", "Active keys", "/audit/"):
        assert part not in shown
    assert 'href="mailto:alice@example.com"' in shown


def test_a_suspended_project_says_so(project: Project, bob: User) -> None:
    service.suspend_project(actor=OPERATOR, project=project)
    assert "This project is suspended." in page(bob, f"/projects/{project.slug}/")


def test_the_overview_costs_few_queries_however_much_there_is(
    project: Project, alice: User, django_assert_max_num_queries: Any
) -> None:
    for n in range(20):
        count(make.key(project, f"Key {n}"), "ok", n + 1)
    client = Client()
    client.force_login(alice)
    with django_assert_max_num_queries(12):
        assert client.get(f"/projects/{project.slug}/").status_code == 200


# --- Health


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_told_to_anybody_and_kept_by_nobody(path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert "no-store" in answer["Cache-Control"]
    assert Client().head(path).status_code == 200
    assert Client().post(path).status_code == 405
    assert not answer.cookies


def test_without_the_database_the_process_lives_but_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr("django.db.connection.cursor", away)
    assert Client().get("/healthz").status_code == 200
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "unavailable")


def test_without_redis_it_is_ready_and_says_so(settings: LazySettings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["redis"]) == (200, "unavailable")
