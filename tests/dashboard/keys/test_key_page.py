"""The page of one key."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.verify import Ask
from apps.gate import gate
from apps.keys import service
from apps.keys.models import Key
from apps.projects.models import Project
from apps.usage.models import KeyUsage
from tests import make
from tests.dashboard.html import Element, read

pytestmark = pytest.mark.django_db


def page(client: Client, key: Key, query: str = "") -> Element:
    response = client.get(f"/projects/acme-calls/api-keys/{key.id}/{query}")
    assert response.status_code == 200
    return read(response)


def table(client: Client, key: Key, caption: str) -> list[dict[str, str]]:
    tables = [t for t in page(client, key).all("table") if t.one("caption").text == caption]
    return Element("", {}, [tables[0]]).rows()


def count(key: Key, ago: timedelta, outcome: str, number: int, resource: str = "leads") -> None:
    hour: datetime = (timezone.now() - ago).replace(minute=0, second=0, microsecond=0)
    KeyUsage.objects.create(key_id=key.id, hour=hour, resource=resource, outcome=outcome, count=number)


def test_facts_are_all_there(signed_in: Client, project: Project) -> None:
    expires_at = timezone.now() + timedelta(days=3, hours=1)
    key = make.key(project, "Website", expires_at=expires_at, allowed_ips=["203.0.113.0/24"], rate_limit=7)
    text = page(signed_in, key).text
    assert key.id in text and key.mask in text and "Active" in text
    assert f"in 3 days ({expires_at.day} {expires_at:%b %Y, %H:%M:%S} UTC)" in text
    assert "7 requests in any 60 seconds" in text and "203.0.113.0/24" in text
    assert "Leads: read" in text and "These cannot be changed." in text


def test_usage_is_split_by_outcome(signed_in: Client, project: Project) -> None:
    key = make.key(project)
    count(key, timedelta(hours=2), "ok", 5)
    count(key, timedelta(days=2), "ok", 70, "calls")
    count(key, timedelta(days=10), "missing_scope", 11)
    count(key, timedelta(days=40), "ok", 1000)
    assert table(signed_in, key, "By outcome") == [
        {"Outcome": "Accepted", "24 h": "5", "7 d": "75", "30 d": "75"},
        {"Outcome": "Refused: permission missing", "24 h": "0", "7 d": "0", "30 d": "11"},
    ]


def test_usage_is_split_by_resource(signed_in: Client, project: Project) -> None:
    key = make.key(project)
    count(key, timedelta(hours=2), "ok", 5)
    count(key, timedelta(days=2), "ok", 70, "calls")
    count(key, timedelta(days=2), "rate_limited", 9, "calls")
    count(key, timedelta(days=2), "ok", 1, "")
    assert table(signed_in, key, "Accepted, by resource") == [
        {"Resource": "Calls", "24 h": "0", "7 d": "70", "30 d": "70"},
        {"Resource": "Leads", "24 h": "5", "7 d": "5", "30 d": "5"},
        {"Resource": "The key itself (/v1/me)", "24 h": "0", "7 d": "1", "30 d": "1"},
    ]


@pytest.mark.parametrize(("window", "unit", "slots"), [("24h", "hour", 25), ("7d", "day", 8), ("30d", "day", 31)])
def test_chart_has_a_bar_for_each_slot(signed_in: Client, project: Project, window: str, unit: str, slots: int) -> None:
    key = make.key(project)
    count(key, timedelta(hours=1), "ok", 30)
    count(key, timedelta(hours=1), "rate_limited", 10)
    svg = page(signed_in, key, f"?window={window}").one("svg", role="img")
    assert svg.attributes["aria-label"] == (
        f"Requests by {unit}: 30 accepted and 10 refused in all, at most 40 in one {unit}"
    )
    assert len(svg.all("g")) == slots
    heights = [float(bar.attributes["height"]) for bar in svg.all("rect", class_="bk-chart-accepted")]
    assert heights == [120.0]


def test_unknown_window_is_a_week(signed_in: Client, project: Project) -> None:
    current = page(signed_in, make.key(project), "?window=century").one("nav", aria_label="Period of the chart")
    assert [a.text for a in current.all("a", aria_current="true")] == ["7 days"]


def test_key_without_use_says_so(signed_in: Client, project: Project) -> None:
    text = page(signed_in, make.key(project)).text
    assert "No requests in this period." in text and "None in the last 30 days" in text


def test_history_tells_what_was_done_and_by_whom(signed_in: Client, project: Project) -> None:
    key = make.key(project)
    service.set_rate_limit(actor=make.TESTER, key=key, limit=90)
    service.revoke_key(actor=make.TESTER, key=key, reason="leaked")
    entries = [li.text for li in page(signed_in, key).one("ol", class_="bk-history").all("li")]
    assert [entry.split()[0] for entry in entries] == ["Revoked", "Rate", "Created"]
    assert entries[0].endswith("by tester@example.com from 192.0.2.1: Leaked")
    assert entries[1].endswith(": 60 → 90 per minute")


def test_active_key_can_be_revoked_from_here_and_an_ended_one_cannot(signed_in: Client, project: Project) -> None:
    key = make.key(project, "Website")
    assert page(signed_in, key).all("button", aria_label="Revoke Website")
    service.revoke_key(actor=make.TESTER, key=key, reason="leaked")
    ended = page(signed_in, key)
    assert not ended.all("button", aria_label="Revoke Website")
    assert "Revoked" in ended.text and "by tester@example.com: Leaked" in ended.text


def test_attempts_since_the_end_are_told(signed_in: Client, project: Project) -> None:
    new = make.new_key(project)
    service.revoke_key(actor=make.TESTER, key=new.key, reason="leaked")
    assert "Attempts since None" in page(signed_in, new.key).text
    gate.verify(new.secret, Ask("leads", ip="198.51.100.7"))
    text = page(signed_in, new.key).text
    assert "Attempts since 1, last just now" in text and "from 198.51.100.7" in text
    assert "Refused: key revoked" in text


def test_page_stays_within_its_budget(signed_in: Client, project: Project) -> None:
    key = make.key(project)
    for hours in range(200):
        count(key, timedelta(hours=hours), "ok", 1)
    with CaptureQueriesContext(connection) as queries:
        page(signed_in, key)
    assert len(queries) <= 12, [q["sql"] for q in queries]
