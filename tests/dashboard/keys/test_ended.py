"""Revoked / Expired."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.verify import Ask
from apps.gate import gate
from apps.keys import service
from apps.keys.models import Key
from apps.projects.models import Project
from tests import make
from tests.dashboard.html import Element, read

pytestmark = pytest.mark.django_db

ENDED = "/projects/acme-calls/api-keys/revoked/"


def page(client: Client, **query: str) -> Element:
    response = client.get(ENDED, query)
    assert response.status_code == 200
    return read(response)


def names(client: Client, **query: str) -> list[str]:
    return [row["Name"] for row in page(client, **query).rows()]


def revoked(project: Project, name: str = "Old", reason: str = "leaked", days: int = 0) -> Key:
    key = service.revoke_key(actor=make.TESTER, key=make.key(project, name), reason=reason)
    Key.objects.filter(pk=key.pk).update(revoked_at=timezone.now() - timedelta(days=days, seconds=1))
    return key


def expired(project: Project, name: str = "Trial", days: int = 0) -> Key:
    key = make.key(project, name, expires_at=timezone.now() + timedelta(days=1))
    return make.expire(key, ago=timedelta(days=days, seconds=1))


def test_row_says_why_when_and_by_whom(signed_in: Client, project: Project) -> None:
    key = revoked(project, reason="leaked: pushed to a public repository", days=3)
    row = page(signed_in).rows()[0]
    assert list(row) == ["Name", "Key ID", "Key", "Why", "When", "By", "Created", "Last used", "Attempts since"]
    assert (row["Name"], row["Key ID"], row["Key"]) == ("Old", key.id, key.mask)
    assert row["Why"] == "Revoked Leaked: pushed to a public repository"
    assert row["When"].startswith("3 days ago (")
    assert (row["By"], row["Last used"], row["Attempts since"]) == ("tester@example.com", "Never", "0")


def test_expired_key_ended_by_its_date(signed_in: Client, project: Project) -> None:
    expired(project)
    row = page(signed_in).rows()[0]
    assert (row["Why"], row["By"]) == ("Expired", "Its expiry date")


def test_deleted_key_is_kept_here(signed_in: Client, project: Project) -> None:
    service.delete_key(actor=make.TESTER, key=make.key(project))
    assert page(signed_in).rows()[0]["Why"].startswith("Deleted")


def test_attempts_after_the_end_are_counted_with_the_last_time_and_address(signed_in: Client, project: Project) -> None:
    new = make.new_key(project)
    gate.verify(new.secret, Ask("leads", ip="192.0.2.1"))
    service.revoke_key(actor=make.TESTER, key=new.key, reason="leaked")
    for ip in ("192.0.2.2", "198.51.100.7"):
        assert gate.verify(new.secret, Ask("leads", ip=ip)).code == "revoked"
    cell = page(signed_in).rows()[0]["Attempts since"]
    assert cell.startswith("2 last just now (") and cell.endswith("from 198.51.100.7")


def test_the_last_ended_comes_first(signed_in: Client, project: Project) -> None:
    revoked(project, "A", days=5)
    expired(project, "B", days=2)
    revoked(project, "C", days=9)
    assert names(signed_in) == ["B", "A", "C"]


def test_active_keys_and_those_of_others_are_not_here(signed_in: Client, project: Project, mallory: object) -> None:
    make.key(project, "Active")
    revoked(Project.objects.get(slug="mallorys"), "Elsewhere")
    revoked(project, "Old")
    assert names(signed_in) == ["Old"]


def test_list_is_filtered_by_cause_and_period(signed_in: Client, project: Project) -> None:
    revoked(project, "Revoked now")
    revoked(project, "Revoked long ago", days=40)
    expired(project, "Expired", days=3)
    assert names(signed_in, cause="revoked") == ["Revoked now", "Revoked long ago"]
    assert names(signed_in, cause="expired") == ["Expired"]
    assert names(signed_in, period="24h") == ["Revoked now"]
    assert names(signed_in, period="7d") == ["Revoked now", "Expired"]
    assert names(signed_in, cause="revoked", period="30d", q="now") == ["Revoked now"]
    assert len(names(signed_in, cause="nonsense", period="nonsense")) == 3


def test_filters_stay_as_they_were_set(signed_in: Client, project: Project) -> None:
    revoked(project)
    selected = [o.attributes["value"] for o in page(signed_in, cause="revoked", period="7d").all("option")
                if "selected" in o.attributes]  # fmt: skip
    assert selected == ["revoked", "7d"]


def test_nothing_that_matches_is_told_apart_from_nothing_at_all(signed_in: Client, project: Project) -> None:
    assert "Nothing has ended yet" in page(signed_in).text
    revoked(project)
    assert "Nothing matches" in page(signed_in, cause="expired").text


def test_page_has_nothing_that_changes_a_key(signed_in: Client, project: Project) -> None:
    revoked(project)
    main = page(signed_in).one("main")
    assert [form.attributes["method"] for form in main.all("form")] == ["get"]
    assert signed_in.post(ENDED).status_code == 405


def test_secret_in_the_search_is_not_repeated(signed_in: Client, project: Project) -> None:
    new = make.new_key(project, "Old")
    service.revoke_key(actor=make.TESTER, key=new.key, reason="leaked")
    response = signed_in.get(ENDED, {"q": new.secret}, follow=True)
    assert [row["Name"] for row in read(response).rows()] == ["Old"]
    assert new.secret not in response.content.decode()
