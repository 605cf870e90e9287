"""Revoke: what is asked, and what happens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.audit.models import Event
from apps.core.verify import Ask
from apps.gate import gate
from apps.keys import service
from apps.keys.models import Key
from apps.projects.models import Project
from apps.usage.models import KeyUsage
from tests import make
from tests.dashboard.html import read

pytestmark = pytest.mark.django_db

INVISIBLE = "The reason has invisible or control characters. Type it anew."
KEYS = "/projects/acme-calls/api-keys/"


def ask(client: Client, key: Key) -> str:
    return read(client.get(f"{KEYS}{key.id}/revoke/")).one("main").text


def test_question_names_the_key_and_what_stops(signed_in: Client, project: Project) -> None:
    key = make.key(project, "Website", scopes=["leads:read", "leads:write"])
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    KeyUsage.objects.create(key_id=key.id, hour=hour, resource="leads", outcome="ok", count=1234)
    KeyUsage.objects.create(key_id=key.id, hour=hour - timedelta(days=2), resource="leads", outcome="ok", count=9)
    text = ask(signed_in, key)
    assert "Revoke “Website”?" in text and key.mask in text
    assert "Leads: read and write" in text
    assert "1,234 requests in the last 24 hours" in text
    assert "cannot be undone" in text


def test_question_says_when_nothing_uses_the_key(signed_in: Client, project: Project) -> None:
    assert "no requests in the last 24 hours" in ask(signed_in, make.key(project))


def test_question_counts_the_requests_of_a_moment_ago(signed_in: Client, project: Project) -> None:
    new = make.new_key(project)
    gate.verify(new.secret, Ask("leads"))
    assert "1 request in the last 24 hours" in ask(signed_in, new.key)


def test_dialog_gets_the_question_alone(signed_in: Client, project: Project) -> None:
    response = signed_in.get(f"{KEYS}{make.key(project).id}/revoke/", headers={"HX-Request": "true"})
    page = read(response)
    assert b"<html" not in response.content and "HX-Request" in response["Vary"]
    assert page.one("h2", id="dialog-title").text == "Revoke “Website”?"
    assert page.one("label", for_="id_reason").text == "Reason"
    assert [b.text for b in page.all("button")] == ["Revoke key"]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"reason": "leaked"}, "leaked"),
        ({"reason": "unused", "note": "  nobody knows it "}, "unused: nobody knows it"),
        ({"reason": "other", "note": "Contract ended"}, "Contract ended"),
    ],
)
def test_key_is_revoked_with_its_reason(signed_in: Client, project: Project, sent: dict[str, str], stored: str) -> None:
    new = make.new_key(project)
    response = signed_in.post(f"{KEYS}{new.key.id}/revoke/now/", sent, follow=True)
    new.key.refresh_from_db()
    assert (new.key.revoke_reason, new.key.revoked_by) == (stored, "alice@example.com")
    assert gate.verify(new.secret, Ask("leads")).code == "revoked"
    assert response.redirect_chain == [(KEYS, 302)]
    assert "“Website” is revoked. Every request with it is refused from now on." in read(response).text
    assert Event.objects.get(type="key.revoked").data["reason"] == stored


@pytest.mark.parametrize(
    ("sent", "field", "message"),
    [
        ({}, "reason", "Choose a reason."),
        ({"reason": "boredom"}, "reason", "Choose one of the reasons."),
        ({"reason": "other"}, "note", "Say in a few words why the key is revoked."),
        ({"reason": "other", "note": "\u200b"}, "note", INVISIBLE),
        ({"reason": "other", "note": "x" * 10_000}, "note", "The reason may have at most 200 characters."),
        ({"reason": "leaked", "note": "x" * 200}, "note", "The reason may have at most 200 characters."),
        ({"reason": "leaked", "note": "a\0b"}, "note", "Null characters are not allowed."),
        ({"reason": "leaked", "note": "a\u202eb"}, "note", INVISIBLE),
    ],
)
def test_bad_reason_is_refused_beside_its_field_and_nothing_happens(
    signed_in: Client, project: Project, sent: dict[str, str], field: str, message: str
) -> None:
    new = make.new_key(project)
    response = signed_in.post(f"{KEYS}{new.key.id}/revoke/now/", sent)
    page = read(response)
    assert response.status_code == 422
    assert page.one("div", id=f"id_{field}_error").text == message
    control = (page.all("select") if field == "reason" else page.all("input", id="id_note"))[0]
    assert f"id_{field}_error" in control.attributes["aria-describedby"].split()
    assert gate.verify(new.secret, Ask("leads")).code == "ok"


def test_second_revoke_changes_nothing(signed_in: Client, project: Project) -> None:
    key = make.key(project)
    now = f"{KEYS}{key.id}/revoke/now/"
    signed_in.post(now, {"reason": "leaked"})
    key.refresh_from_db()
    before = (key.revoked_at, key.revoke_reason)
    response = signed_in.post(now, {"reason": "unused"}, follow=True)
    key.refresh_from_db()
    assert (key.revoked_at, key.revoke_reason) == before
    assert "had ended before. Nothing has changed." in read(response).text
    assert Event.objects.filter(type="key.revoked").count() == 1


def test_key_that_has_ended_is_not_asked_about(signed_in: Client, project: Project) -> None:
    revoked = service.revoke_key(actor=make.TESTER, key=make.key(project, "Old"), reason="unused")
    expired = make.expire(make.key(project, "Trial", expires_at=timezone.now() + timedelta(days=1)))
    assert "“Old” has ended already" in ask(signed_in, revoked)
    assert "“Trial” has ended already" in ask(signed_in, expired)


def test_looking_at_the_question_revokes_nothing(signed_in: Client, project: Project) -> None:
    new = make.new_key(project)
    for path in ("revoke/", "revoke/now/"):
        signed_in.get(f"{KEYS}{new.key.id}/{path}")
    assert gate.verify(new.secret, Ask("leads")).code == "ok"


@pytest.mark.parametrize("key_id", ["key_" + "0" * 22, "key_short", "%00", "key_" + "0" * 10_000, "KEY_" + "0" * 22])
def test_unknown_key_is_not_found(signed_in: Client, key_id: str) -> None:
    for path in ("", "revoke/", "revoke/now/"):
        assert signed_in.get(f"{KEYS}{key_id}/{path}").status_code in {302, 404}
        assert signed_in.post(f"{KEYS}{key_id}/{path}", {"reason": "leaked"}).status_code in {404, 405}


def test_key_of_another_project_is_not_found(signed_in: Client, mallory: object) -> None:
    other = make.new_key(Project.objects.get(slug="mallorys"))
    assert signed_in.get(f"{KEYS}{other.key.id}/").status_code == 404
    assert signed_in.get(f"{KEYS}{other.key.id}/revoke/").status_code == 404
    assert signed_in.post(f"{KEYS}{other.key.id}/revoke/now/", {"reason": "leaked"}).status_code == 404
    assert gate.verify(other.secret, Ask("leads")).code == "ok"
