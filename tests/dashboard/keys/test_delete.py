"""Delete a key: what is asked first, and what happens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.verify import Ask
from apps.gate import gate
from apps.keys import service
from apps.keys.models import Key
from apps.projects.models import Project
from tests import make
from tests.dashboard.html import read

pytestmark = pytest.mark.django_db

KEYS = "/projects/voice/api-keys/"


@pytest.fixture
def voice(alice: User) -> Project:
    return make.project("Voice", catalogue="voice", administrator=alice)


@pytest.fixture
def at_voice(client: Client, alice: User, voice: Project) -> Client:
    client.force_login(alice)
    return client


def ask(client: Client, key: Key) -> str:
    response = client.get(f"{KEYS}{key.id}/delete/")
    assert response.status_code == 200
    return read(response).one("main").text


def test_question_names_the_key_what_stops_and_its_requests_of_24_hours(at_voice: Client, voice: Project) -> None:
    new = make.new_key(voice, "Website", scopes=["calls:write"])
    gate.verify(new.secret, Ask("calls"))
    text = ask(at_voice, new.key)
    assert "Delete “Website”?" in text and new.key.mask in text
    assert "Calls: write" in text
    assert "1 request in the last 24 hours" in text
    assert "cannot be undone" in text


def test_question_about_an_unrestricted_key_says_that_everything_stops(at_voice: Client, voice: Project) -> None:
    assert "Unrestricted: everything" in ask(at_voice, make.key(voice, unrestricted=True))


def test_page_is_a_dialog_and_a_dialog_gets_its_inside(at_voice: Client, voice: Project) -> None:
    path = f"{KEYS}{make.key(voice, scopes=['calls:read']).id}/delete/"
    whole, inside = at_voice.get(path), at_voice.get(path, headers={"HX-Request": "true"})
    assert read(whole).one("div", role="dialog").attributes["aria-labelledby"] == "dialog-title"
    assert b"<html" not in inside.content and "HX-Request" in inside["Vary"]
    assert [b.text for b in read(inside).all("button")] == ["Delete key"]
    assert "autofocus" in read(inside).one("a").attributes


def test_deleted_key_is_refused_and_leaves_the_list_for_the_other(at_voice: Client, voice: Project) -> None:
    new = make.new_key(voice, "Website", scopes=["calls:read"])
    response = at_voice.post(f"{KEYS}{new.key.id}/delete/now/", follow=True)
    page = read(response)
    assert response.redirect_chain == [(KEYS, 302)]
    assert "“Website” is deleted. Every request with it is refused from now on." in page.text
    assert page.all("table") == []
    assert gate.verify(new.secret, Ask("calls")).code == "deleted"
    row = read(at_voice.get(f"{KEYS}revoked/")).rows()[0]
    assert (row["Name"], row["Why"], row["By"]) == ("Website", "Deleted", "alice@example.com")
    event = Event.objects.get(type="key.deleted")
    assert (event.target_id, event.actor_label) == (new.key.id, "alice@example.com")


def test_page_of_a_deleted_key_says_so_once(at_voice: Client, voice: Project) -> None:
    key = service.delete_key(actor=make.TESTER, key=make.key(voice, scopes=["calls:read"]))
    facts = read(at_voice.get(f"{KEYS}{key.id}/")).one("section", aria_labelledby="facts").text
    assert "by tester@example.com" in facts and facts.count("Deleted") == 1


def test_key_that_was_revoked_before_keeps_its_reason(at_voice: Client, voice: Project) -> None:
    key = service.revoke_key(actor=make.TESTER, key=make.key(voice, scopes=["calls:read"]), reason="leaked")
    service.delete_key(actor=make.TESTER, key=key)
    assert read(at_voice.get(f"{KEYS}revoked/")).rows()[0]["Why"] == "Deleted Leaked"


def test_second_delete_changes_nothing(at_voice: Client, voice: Project) -> None:
    key = make.key(voice, scopes=["calls:read"])
    at_voice.post(f"{KEYS}{key.id}/delete/now/")
    key.refresh_from_db()
    before = key.deleted_at
    response = at_voice.post(f"{KEYS}{key.id}/delete/now/", follow=True)
    key.refresh_from_db()
    assert key.deleted_at == before
    assert "had ended before. Nothing has changed." in read(response).text
    assert Event.objects.filter(type="key.deleted").count() == 1


def test_key_that_has_ended_is_not_asked_about(at_voice: Client, voice: Project) -> None:
    deleted = service.delete_key(actor=make.TESTER, key=make.key(voice, "Old", scopes=["calls:read"]))
    trial = make.key(voice, "Trial", scopes=["calls:read"], expires_at=timezone.now() + timedelta(days=1))
    assert "“Old” has ended already It was deleted" in ask(at_voice, deleted)
    assert "“Trial” has ended already It expired" in ask(at_voice, make.expire(trial))


def test_looking_at_the_question_deletes_nothing(at_voice: Client, voice: Project) -> None:
    new = make.new_key(voice, scopes=["calls:read"])
    for path in ("delete/", "delete/now/"):
        at_voice.get(f"{KEYS}{new.key.id}/{path}")
    assert gate.verify(new.secret, Ask("calls")).code == "ok"


def test_key_of_another_project_is_not_found(at_voice: Client, project: Project) -> None:
    other = make.new_key(project)
    assert at_voice.get(f"{KEYS}{other.key.id}/delete/").status_code == 404
    assert at_voice.post(f"{KEYS}{other.key.id}/delete/now/").status_code == 404
    assert gate.verify(other.secret, Ask("leads")).code == "ok"
