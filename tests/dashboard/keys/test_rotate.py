"""Rotate: what is asked, what happens, and what stands in the way; for keys of the project and for one's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core import secret as secrets
from apps.core.verify import Ask
from apps.gate import gate
from apps.keys import service
from apps.keys.models import Key
from apps.keys.service import NewKey
from apps.projects.models import Project
from tests import make
from tests.dashboard.html import Element, read
from tests.pages import signed_in as as_user

pytestmark = pytest.mark.django_db

KEYS = "/projects/acme-calls/api-keys/"
OWN = "/account/api-keys/"
HOUR = timedelta(hours=1)
DEFAULT = timedelta(days=1)


class Surface(NamedTuple):
    """One of the two places where keys are rotated, by somebody who may."""

    client: Client
    make: Callable[..., NewKey]
    ask: Callable[[Key], str]
    act: Callable[[Key], str]


@pytest.fixture(params=["project", "own"])
def surface(request: pytest.FixtureRequest, project: Project, alice: User) -> Surface:
    if request.param == "own":
        path = OWN + "{0.pk}/rotate/"
        return Surface(as_user(alice), lambda **over: make.new_key(None, owner=alice, **over), path.format, path.format)
    return Surface(
        as_user(alice), lambda **over: make.new_key(project, **over),
        (KEYS + "{0.pk}/rotate/").format, (KEYS + "{0.pk}/rotate/now/").format,
    )  # fmt: skip


def code(secret: str) -> str:
    return gate.verify(secret, Ask("leads", project="acme-calls")).code


def shown(page: Element) -> str:
    return page.one("code", data_testid="secret").text


# --- What is asked


def test_question_says_what_happens_and_offers_a_day_of_grace(surface: Surface) -> None:
    new = surface.make()
    gate.verify(new.secret, Ask("leads", project="acme-calls"))
    page = read(surface.client.get(surface.ask(new.key)))
    text = page.one("main").text
    assert "Rotate “Website”?" in text and new.key.mask in text and "cannot be undone" in text
    assert "1 request in the last 24 hours" in text
    assert [label.text for label in page.one("fieldset").all("label")] == [
        "None", "1 hour", "24 hours", "7 days", "30 days",
    ]  # fmt: skip
    assert [i.attributes["value"] for i in page.all("input", type="radio") if "checked" in i.attributes] == ["86400"]
    assert "expires" not in page.one("main").one("form", method="post").text
    assert code(new.secret) == "ok" and Key.objects.count() == 1  # asking changes nothing


def test_dialog_gets_the_question_alone(surface: Surface) -> None:
    response = surface.client.get(surface.ask(surface.make().key), headers={"HX-Request": "true"})
    assert b"<html" not in response.content and "HX-Request" in response["Vary"]
    page = read(response)
    assert page.one("h2", id="dialog-title").text == "Rotate “Website”?"
    assert [b.text for b in page.all("button")] == ["Rotate key"]


def test_no_grace_is_longer_than_the_key_itself(surface: Surface) -> None:
    key = surface.make(expires_at=timezone.now() + 2 * HOUR).key
    page = read(surface.client.get(surface.ask(key)))
    ends = [t.attributes["datetime"] for t in page.one("fieldset").all("time")]
    assert len(ends) == 4 and len(set(ends)) == 2
    assert "The successor expires" in page.text


# --- What happens


@pytest.mark.parametrize(("grace", "codes"), [("0", ["expired", "ok"]), ("3600", ["ok", "ok"])])
def test_successor_is_shown_once_and_the_old_key_lives_through_the_grace(
    surface: Surface, grace: str, codes: list[str]
) -> None:
    old = surface.make()
    response = surface.client.post(surface.act(old.key), {"grace": grace})
    page = read(response)
    secret = shown(page)
    successor = Key.objects.get(pk=Key.objects.get(pk=old.key.pk).rotated_to_id)
    assert response.status_code == 200 and response["Cache-Control"] == "no-store, private"
    assert secrets.digest(secret) == bytes(successor.digest)
    assert [code(old.secret), code(secret)] == codes
    assert ("works until" if grace != "0" else "is refused from now on") in page.text
    assert "rotate it once more" in page.one("dialog", id="leave").text
    assert Event.objects.get(type="key.rotated").actor_label == "alice@example.com"
    for path in (KEYS, OWN, f"{KEYS}{successor.pk}/", surface.ask(successor), surface.ask(old.key)):
        assert secret not in surface.client.get(path).content.decode()


def test_form_that_is_sent_again_makes_no_second_successor(surface: Surface) -> None:
    old = surface.make()
    for grace in ("0", "3600"):  # the old key has ended, or has not
        first, again = (surface.client.post(surface.act(old.key), {"grace": grace}) for _ in range(2))
        successor = Key.objects.get(pk=Key.objects.get(pk=old.key.pk).rotated_to_id)
        page = read(again)
        assert (first.status_code, again.status_code) == (200, 409)
        assert "has been rotated already" in page.text and successor.mask in page.text
        assert surface.ask(successor) in [a.attributes["href"].partition("?")[0] for a in page.all("a")]
        assert not page.all("code", data_testid="secret")
        old = NewKey(successor, shown(read(first)))
    assert Key.objects.count() == 3


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({}, "Choose for how long the old key goes on working."),
        ({"grace": "60"}, "Choose one of the grace periods."),
        ({"grace": "-1"}, "Choose one of the grace periods."),
        ({"grace": "\0"}, "Choose one of the grace periods."),
        ({"grace": "9" * 5000}, "Choose one of the grace periods."),
    ],
)
def test_bad_grace_is_refused_beside_its_field(surface: Surface, sent: dict[str, str], message: str) -> None:
    old = surface.make()
    response = surface.client.post(surface.act(old.key), sent)
    page = read(response)
    assert response.status_code == 422
    assert page.one("div", id="grace_error").text == message
    assert page.one("fieldset").attributes["aria-describedby"] == "grace_error"
    assert Key.objects.count() == 1


def test_key_that_has_ended_is_not_rotated(surface: Surface) -> None:
    revoked = service.revoke_key(actor=make.TESTER, key=surface.make(name="Old").key, reason="leaked")
    expired = make.expire(surface.make(name="Trial", expires_at=timezone.now() + HOUR).key)
    for key in (revoked, expired):
        for response in (surface.client.get(surface.ask(key)), surface.client.post(surface.act(key), {"grace": "0"})):
            text = read(response).one("main").text
            assert f"“{key.name}” has ended already" in text and "new key instead" in text
        assert response.status_code == 409
    assert not Event.objects.filter(type="key.rotated")


# --- Whose keys


def test_nobody_rotates_the_user_key_of_another(project: Project, signed_in: Client, alice: User, bob: User) -> None:
    """Its secret would let the administrator act in the name of its owner."""
    key = make.key(project, "Bob's", owner=bob)
    for response in (
        signed_in.get(f"{KEYS}{key.pk}/rotate/"),
        signed_in.post(f"{KEYS}{key.pk}/rotate/now/", {"grace": 0}),
    ):
        assert "Only its owner can rotate “Bob's”" in read(response).text
        assert "user key of bob@example.com" in read(response).text
    assert response.status_code == 403
    assert signed_in.post(f"{OWN}{key.pk}/rotate/", {"grace": "0"}).status_code == 404
    assert Key.objects.count() == 1
    assert as_user(bob).post(f"{OWN}{key.pk}/rotate/", {"grace": "0"}).status_code == 200
    assert {k.owner for k in Key.objects.all()} == {bob}


def test_administrator_rotates_a_user_key_of_their_own_in_the_project(
    project: Project, signed_in: Client, alice: User
) -> None:
    key = make.key(project, "Mine", owner=alice)
    assert shown(read(signed_in.post(f"{KEYS}{key.pk}/rotate/now/", {"grace": "0"})))


def test_key_of_another_project_is_not_found(signed_in: Client) -> None:
    key = make.key(make.project("Other"))
    assert signed_in.get(f"{KEYS}{key.pk}/rotate/").status_code == 404
    assert signed_in.post(f"{KEYS}{key.pk}/rotate/now/", {"grace": "0"}).status_code == 404


def test_rotating_needs_the_token_of_the_form(project: Project, alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    own, shared = make.key(None, owner=alice), make.key(project)
    assert strict.post(f"{OWN}{own.pk}/rotate/", {"grace": "0"}).status_code == 403
    assert strict.post(f"{KEYS}{shared.pk}/rotate/now/", {"grace": "0"}).status_code == 403
    assert Key.objects.count() == 2


def test_partner_stays_in_the_partner_area(project: Project, carol: User) -> None:
    key = make.key(None, owner=carol)
    client = as_user(carol)
    question = read(client.get(f"{OWN}{key.pk}/rotate/", {"area": "partner"}))
    assert ("area", "partner") in question.hidden()
    page = read(client.post(f"{OWN}{key.pk}/rotate/", {"grace": "0", "area": "partner"}))
    assert page.one("a", data_done="").attributes["href"] == "/partner/"


# --- Where it is offered


def test_list_and_page_offer_it_for_what_can_be_rotated(project: Project, signed_in: Client, bob: User) -> None:
    old, foreign = make.key(project, "Old"), make.key(project, "Bob's", owner=bob)
    new = service.rotate_key(actor=make.TESTER, key=old, grace=3600).key
    page = read(signed_in.get(KEYS))
    offered = {f.attributes["action"] for f in page.all("form") if "/rotate/" in f.attributes.get("action", "")}
    assert offered == {f"{KEYS}{new.pk}/rotate/"}
    for key, labels in (
        (new, ["Rotate Old", "Revoke Old", "Delete Old"]),
        (old, ["Revoke Old", "Delete Old"]),
        (foreign, ["Revoke Bob's", "Delete Bob's"]),
    ):
        buttons = read(signed_in.get(f"{KEYS}{key.pk}/")).one("main").all("button")
        assert [b.attributes["aria-label"] for b in buttons if "aria-label" in b.attributes] == labels


def test_own_list_offers_it_and_tells_the_rotated_key_from_its_successor(project: Project, alice: User) -> None:
    old = make.key(None, owner=alice)
    client = as_user(alice)
    client.post(f"{OWN}{old.pk}/rotate/", {"grace": "3600"})
    page = read(client.get(OWN))
    new, gone = (row["Name"] for row in page.one("section", aria_labelledby="keys").rows())
    successor = Key.objects.get(rotated_to=None)
    assert new == "Website"
    assert gone.startswith("Website Rotated, works until ") and gone.endswith(f"Its successor: {successor.mask}")
    assert [b.attributes["aria-label"] for b in page.all("button", title="Rotate")] == ["Rotate Website"]
    assert page.one("form", action=f"{OWN}{successor.pk}/rotate/")
