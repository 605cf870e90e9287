"""The audit of a project: what it shows, and how it is searched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.events import EventType
from apps.audit.models import Event
from apps.core.actor import OPERATOR, Actor
from apps.core.ids import new_id
from apps.dashboard.audit import words
from apps.keys import service as keys
from apps.projects import invitations, service
from apps.projects.models import Membership, Project
from tests import make

pytestmark = pytest.mark.django_db


def show(project: Project, alice: User, **query: str) -> str:
    client = Client()
    client.force_login(alice)
    answer = client.get(f"/projects/{project.slug}/audit/", query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def add(project: Project, kind: str = "key.created", *, ago: timedelta = timedelta(0), **over: Any) -> Event:
    values = {
        "at": timezone.now() - ago, "type": kind, "project_id": project.id, "actor_kind": "user", "actor_id": "u1",
        "actor_label": "alice@example.com", "target_id": new_id("key"), "target_label": "Website",
    }  # fmt: skip
    return Event.objects.create(**{**values, **over})


def test_an_event_says_who_did_what_to_what_and_from_where(project: Project, alice: User) -> None:
    actor = Actor("user", str(alice.pk), alice.email, "203.0.113.7", "req_abc")
    made = make.key(project, "Website")
    keys.revoke_key(actor=actor, key=made, reason="leaked")
    page = show(project, alice, subject="key")
    for part in (
        "<strong>alice@example.com</strong> revoked the key",
        ">Website</a>: leaked",
        "203.0.113.7",
        "req_abc",
    ):
        assert part in page
    assert f"/projects/{project.slug}/api-keys/{made.id}/" in page


def test_changes_of_people_are_readable(project: Project, alice: User, bob: User) -> None:
    row = Membership.objects.get(project=project, user=bob)
    service.change_role(actor=OPERATOR, membership=row, role="partner")
    service.set_grants(actor=OPERATOR, membership=row, grants=["leads:read"])
    invitations.invite(actor=OPERATOR, project=project, email="dora@example.com", role="member")
    page = show(project, alice)
    for part in ("member → partner", "what they may do", "invited <strong>dora@example.com</strong> as member"):
        assert part in page


def test_only_events_of_the_project_are_shown(project: Project, alice: User, mallory: User) -> None:
    other = Membership.objects.get(user=mallory).project
    add(other, target_label="Their key")
    add(project, target_label="Our key")
    page = show(project, alice)
    assert "Our key" in page
    assert "Their key" not in page


def test_every_event_type_of_a_project_has_words() -> None:
    own = {t.value for t in EventType if t.value.split(".")[0] != "user"}
    assert own == set(words.VERBS)


def test_labels_of_html_are_shown_as_they_are(project: Project, alice: User) -> None:
    add(project, target_label="<img src=x>", actor_label="<i>me</i>", data={"reason": "<u>", "<s>": ["<q>"]})
    page = show(project, alice)
    for part in ("<img src=x>", "<i>me", "<u>", "<s>", "<q>"):
        assert part not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"subject": "key"}, {"Website"}),
        ({"subject": "member"}, {"bob@example.com"}),
        ({"subject": "nonsense"}, {"Website", "bob@example.com"}),
        ({"actor": "carol"}, {"bob@example.com"}),
        ({"actor": "ALICE"}, {"Website"}),
        ({"about": "web"}, {"Website"}),
        ({"about": "key_" + "A" * 22}, {"Website"}),
        ({"period": "7d"}, {"Website"}),
        ({"period": "30d"}, {"Website", "bob@example.com"}),
        ({"period": "nonsense"}, {"Website", "bob@example.com"}),
        ({"subject": "key", "actor": "carol"}, set()),
        ({"about": "%"}, set()),
        ({"about": "x" * 10_000}, set()),
        ({"actor": "\x00carol\u202e"}, {"bob@example.com"}),
        ({"page": "999"}, {"Website", "bob@example.com"}),
        ({"page": "-1"}, {"Website", "bob@example.com"}),
        ({"page": "x" * 5_000}, {"Website", "bob@example.com"}),
    ],
)
def test_filters_find_what_they_say(project: Project, alice: User, query: dict[str, str], found: set[str]) -> None:
    add(project, "key.created", target_id="key_" + "A" * 22)
    add(
        project, "member.added", target_label="bob@example.com", actor_label="carol@example.com", ago=timedelta(days=10)
    )
    page = show(project, alice, **query)
    events = page[page.index('<div id="events">') :]
    assert {label for label in ("Website", "bob@example.com") if label in events} == found


def test_nothing_found_offers_to_show_all(project: Project, alice: User) -> None:
    add(project)
    assert "Show all" in show(project, alice, about="nothing like it")


def test_a_new_project_says_what_the_page_is_for(project: Project, alice: User) -> None:
    assert "Nothing has happened yet" in show(project, alice)


def test_long_audits_come_in_pages_that_keep_the_filter(
    project: Project, alice: User, django_assert_max_num_queries: Any
) -> None:
    Event.objects.bulk_create(
        Event(
            at=timezone.now() - timedelta(minutes=n), type="key.created", project_id=project.id, actor_kind="user",
            actor_id="u", actor_label="alice", target_id=new_id("key"), target_label=f"Key {n:03}",
        )
        for n in range(120)
    )  # fmt: skip
    client = Client()
    client.force_login(alice)
    with django_assert_max_num_queries(6):
        client.get(f"/projects/{project.slug}/audit/", {"subject": "key"})
    first = show(project, alice, subject="key")
    assert "1–50 of 120" in first
    assert "?subject=key&amp;page=2" in first
    third = show(project, alice, subject="key", page="3")
    assert "Key 119" in third
    assert "Key 099" not in third


def test_htmx_gets_the_list_alone(project: Project, alice: User) -> None:
    add(project)
    client = Client()
    client.force_login(alice)
    answer = client.get(f"/projects/{project.slug}/audit/", headers={"HX-Request": "true"})
    assert "<html" not in answer.content.decode()
    assert "HX-Request" in answer["Vary"]


def test_events_cannot_be_changed_or_deleted(project: Project) -> None:
    event = add(project)
    event.target_label = "another"
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        event.delete()
