"""The demo: believable, made once, harmless, and never in production."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import Count, Min
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.dashboard.demo import people, usage
from apps.keys import queries as keys
from apps.keys.models import Key
from apps.projects import catalogues
from apps.projects.models import Invitation, Membership, Project
from apps.records.models import Record
from apps.usage.models import KeyUsage
from apps.usage.queries import totals
from tests.api.call import call, data, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def _demo(settings: Any, tmp_path: Path) -> None:
    settings.DEMO = settings.DEVELOPMENT = True
    settings.VAR_DIR = tmp_path / "var"


def start() -> dict[str, str]:
    printed = io.StringIO()
    call_command("seed_demo", stdout=printed)
    answer: dict[str, str] = json.loads(printed.getvalue())
    return answer


@pytest.mark.usefixtures("_demo")
def test_demo_is_made_once_and_its_first_call_works_at_every_start() -> None:
    first = start()
    assert first["email"] == "demo@boltkeys.example" and first["project"] == "northwind-voice"
    assert User.objects.get(email=first["email"]).check_password(first["password"])
    assert f"Bearer {first['api_key']}" in first["curl"] and "/v1/leads?limit=3" in first["curl"]
    assert len(data(call("GET", "/v1/leads?limit=3", first["api_key"]))["data"]) == 3

    counted = [model.objects.count() for model in (User, Project, Membership, Invitation, Record, KeyUsage)]
    events = Event.objects.count()
    second = start()
    assert [model.objects.count() for model in (User, Project, Membership, Invitation, Record, KeyUsage)] == counted
    assert Event.objects.count() == events + 2  # the first call's key was replaced
    assert {name: second[name] for name in ("email", "password", "project")} == {
        name: first[name] for name in ("email", "password", "project")
    }
    problem(call("GET", "/v1/leads", first["api_key"]), 401, "revoked")
    assert call("GET", "/v1/leads", second["api_key"]).status_code == 200


@pytest.mark.usefixtures("_demo")
def test_demo_is_believable(settings: Any) -> None:
    secret = start()["api_key"]
    project, now = Project.objects.get(), timezone.now()
    assert_every_page_has_something_to_show(project, now)
    assert_use_follows_the_day_and_the_week(now)
    assert_nothing_lies_in_the_future_or_before_its_cause(project, now)
    assert all(secret.encode() not in file.read_bytes() for file in settings.VAR_DIR.iterdir())
    assert secret not in str([list(model.objects.values()) for model in (Key, Event)])


def assert_every_page_has_something_to_show(project: Project, now: datetime) -> None:
    counts = dict(Record.objects.values_list("resource").annotate(Count("pk")))
    stored = [slug for slug, resource in catalogues.get("boltcall").resources.items() if resource.kind == "records"]
    assert set(counts) == set(stored) and min(counts.values()) >= 40
    active = list(keys.active_keys(project, now))
    assert any(key.expires_at and key.expires_at < now + timedelta(days=7) for key in active)
    ended = list(keys.ended_keys(project, now))
    assert {key.cause for key in ended} == {"revoked", "expired"}  # type: ignore[attr-defined]
    assert {"leaked", "replaced", "unused"} <= {key.revoke_reason for key in ended}
    assert sum(key.attempts for key in ended) > 100  # type: ignore[attr-defined]
    assert sorted(Membership.objects.values_list("role", flat=True)) == ["administrator"] * 2 + ["member", "partner"]
    assert Invitation.objects.get(closed_at=None).state(now) == "open"


def assert_use_follows_the_day_and_the_week(now: datetime) -> None:
    bridge = Key.objects.get(name="Telephony bridge")
    cells = KeyUsage.objects.filter(key_id=bridge.id, outcome="ok")
    oldest = cells.aggregate(oldest=Min("hour"))["oldest"]
    assert timedelta(days=28) < now - oldest < timedelta(days=31)
    by_hour: dict[int, int] = {}
    for cell in cells:
        by_hour[cell.hour.hour] = by_hour.get(cell.hour.hour, 0) + cell.count
    assert by_hour[9] > 5 * by_hour[6] and 3 not in by_hour
    weekdays = [c.count for c in cells if c.hour.weekday() < 5 and c.hour.hour == 9]
    weekends = [c.count for c in cells if c.hour.weekday() >= 5 and c.hour.hour == 9]
    assert sum(weekdays) / len(weekdays) > 2 * sum(weekends) / len(weekends)
    total = totals([bridge.id], now)[bridge.id]
    assert 0 <= total.day < total.week < total.month
    assert not KeyUsage.objects.filter(hour__gt=now).exists()


def assert_nothing_lies_in_the_future_or_before_its_cause(project: Project, now: datetime) -> None:
    assert not Event.objects.filter(at__gt=now).exists()
    assert not Record.objects.filter(created_at__gt=now).exists()
    for key in project.keys.all():
        assert project.created_at <= key.created_at <= now
        used = KeyUsage.objects.filter(key_id=key.id, outcome="ok").aggregate(first=Min("hour"))["first"]
        assert used is None or used >= key.created_at
        assert key.revoked_at is None or key.created_at < key.revoked_at <= now
    assert set(Event.objects.values_list("type", flat=True).order_by("at")[:2]) == {"user.created", "project.created"}


@pytest.mark.usefixtures("_demo")
def test_start_that_was_cut_off_is_continued(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(usage, "make", cut_off)
        with pytest.raises(KeyboardInterrupt):
            start()
    records = Record.objects.count()
    start()
    assert Record.objects.count() == records
    assert Key.objects.values("name").annotate(n=Count("pk")).filter(n__gt=1).count() == 0
    assert KeyUsage.objects.exists() and people.is_complete(Project.objects.get())


@pytest.mark.usefixtures("_demo")
def test_password_is_random_private_and_not_shown_once_it_was_changed(settings: Any) -> None:
    user, password = people.administrator(timezone.now())
    file = settings.VAR_DIR / "demo_password"
    assert len(password) == 16 and file.stat().st_mode & 0o777 == 0o600
    assert people.administrator(timezone.now()) == (user, password)
    user.set_password("another good password")
    user.save()
    assert people.administrator(timezone.now()) == (user, people.CHANGED)


@pytest.mark.parametrize(("demo", "development"), [(False, True), (True, False), (False, False)])
def test_there_is_no_demo_in_production(demo: bool, development: bool, settings: Any) -> None:
    settings.DEMO, settings.DEVELOPMENT = demo, development
    with pytest.raises(CommandError, match="no demo"):
        call_command("seed_demo")
    assert not User.objects.exists() and not Project.objects.exists()
