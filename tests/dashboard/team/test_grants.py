"""What members and partners may do with each resource, as administrators set it on the Team page."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actor import OPERATOR
from apps.core.verify import Ask
from apps.gate import gate
from apps.projects import service
from apps.projects.models import Membership, Project
from tests import make
from tests.dashboard.html import Element, read
from tests.pages import Answer, signed_in, text

pytestmark = pytest.mark.django_db


def of(project: Project, user: User) -> Membership:
    return Membership.objects.get(project=project, user=user)


def url(project: Project, user: User) -> str:
    return f"/projects/{project.slug}/team/{of(project, user).id}/grants/"


def chosen(page: Element) -> list[str]:
    boxes = page.all("input", type="checkbox", name_="scope")
    return sorted(box.attributes["value"] for box in boxes if "checked" in box.attributes)


def version(page: Element) -> str:
    found = {value for name, value in page.hidden() if name == "version"}
    assert len(found) == 1
    return found.pop()


def save(client: Client, project: Project, user: User, *scopes: str, seen: str | None = None) -> Answer:
    if seen is None:
        seen = version(read(client.get(url(project, user))))
    return client.post(url(project, user), {"version": seen, "scope": scopes})


def test_page_says_that_a_board_follows_the_permissions(project: Project, alice: User, bob: User) -> None:
    deals = make.project("Deals", catalogue="bolten", administrator=alice)
    make.member(deals, bob, "member")
    assert "The board of Opportunities follows the same permissions" in text(signed_in(alice).get(url(deals, bob)))
    assert "The board of" not in text(signed_in(alice).get(url(project, bob)))


def test_table_has_a_box_for_each_action_that_there_is(project: Project, alice: User, bob: User) -> None:
    page = read(signed_in(alice).get(url(project, bob)))
    names = [box.attributes["aria-label"] for box in page.all("input", type="checkbox")]
    assert names[:2] == ["Calls: Read", "Calls: Write"]
    assert "Analytics: Read" in names
    assert "Analytics: Write" not in names
    assert chosen(page) == []


def test_what_is_chosen_is_saved_shown_and_in_the_audit(project: Project, alice: User, bob: User) -> None:
    client = signed_in(alice)
    answer = save(client, project, bob, "leads:read", "calls:write")
    assert answer["Location"] == f"/projects/{project.slug}/team/"
    assert service.scopes_of(of(project, bob)) == ("calls:write", "leads:read")
    assert chosen(read(client.get(url(project, bob)))) == ["calls:write", "leads:read"]
    event = Event.objects.get(type="member.changed")
    assert (event.actor_label, event.target_label) == ("alice@example.com", "bob@example.com")
    assert event.data["to"]["grants"] == ["calls:write", "leads:read"]
    team = text(client.get(f"/projects/{project.slug}/team/"))
    assert "Own keys: Calls write, Leads read" in team
    assert "Own keys: nothing yet" in team  # carol's


def test_saving_what_is_there_already_writes_no_event(project: Project, alice: User, bob: User) -> None:
    save(signed_in(alice), project, bob)
    assert not Event.objects.filter(type="member.changed").exists()


@pytest.mark.parametrize(("preset", "count"), [("read", 7), ("everything", 13), ("nothing", 0), ("odd", 0)])
def test_presets_choose_and_save_nothing(project: Project, alice: User, bob: User, preset: str, count: int) -> None:
    service.set_grants(actor=OPERATOR, membership=of(project, bob), grants=["leads:write"])
    page = read(signed_in(alice).get(url(project, bob), {"preset": preset, "version": "as it was"}))
    assert len(chosen(page)) == count
    assert version(page) == "as it was"
    assert service.scopes_of(of(project, bob)) == ("leads:write",)


def test_the_next_request_of_a_key_that_exists_already_sees_it(project: Project, alice: User, bob: User) -> None:
    key = make.new_key(None, owner=bob)
    client, ask = signed_in(alice), Ask("leads")
    codes = [gate.verify(key.secret, ask).code]
    for scopes in (("leads:read",), ("leads:write",), ("leads:read", "leads:write"), ()):
        save(client, project, bob, *scopes)
        codes.append(gate.verify(key.secret, ask).code)
    assert codes == ["missing_scope", "ok", "missing_scope", "ok", "missing_scope"]


def test_change_on_top_of_one_not_seen_is_held_back_and_told(project: Project, alice: User, bob: User) -> None:
    client = signed_in(alice)
    seen = version(read(client.get(url(project, bob))))
    service.set_grants(actor=OPERATOR, membership=of(project, bob), grants=["calls:read"])
    answer = save(client, project, bob, "leads:read", seen=seen)
    assert answer.status_code == 409
    assert service.scopes_of(of(project, bob)) == ("calls:read",)
    page = read(answer)
    assert "Somebody else has changed these permissions meanwhile" in page.alerts()[0]
    assert "Saved now: Calls (read)." in page.text
    assert chosen(page) == ["leads:read"]
    save(client, project, bob, "leads:read", seen=version(page))
    assert service.scopes_of(of(project, bob)) == ("leads:read",)


def test_change_of_the_role_counts_as_a_change(project: Project, alice: User, bob: User) -> None:
    client = signed_in(alice)
    seen = version(read(client.get(url(project, bob))))
    service.change_role(actor=OPERATOR, membership=of(project, bob), role="partner")
    assert save(client, project, bob, "leads:read", seen=seen).status_code == 409
    assert save(client, project, bob, "leads:read", seen="").status_code == 409


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_save_at_once_one_is_told(project: Project, alice: User, bob: User) -> None:
    dora = make.user("dora@example.com")
    make.member(project, dora, "administrator")
    clients = {"leads:read": signed_in(alice), "calls:read": signed_in(dora)}
    seen = version(read(clients["leads:read"].get(url(project, bob))))
    start = Barrier(2)

    def both(scope: str) -> tuple[int, str]:
        start.wait()
        try:
            return save(clients[scope], project, bob, scope, seen=seen).status_code, scope
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        first, second = sorted(threads.map(both, clients))
    assert (first[0], second[0]) == (302, 409)
    assert service.scopes_of(of(project, bob)) == (first[1],)
    assert Event.objects.filter(type="member.changed").count() == 1


@pytest.mark.parametrize("odd", ["leads:manage", "leads", "x\x00", "opportunities:read"])
def test_what_is_no_permission_here_is_told_and_not_saved(project: Project, alice: User, bob: User, odd: str) -> None:
    answer = save(signed_in(alice), project, bob, "leads:read", odd)
    assert answer.status_code == 422
    page = read(answer)
    assert "is not a permission of" in page.alerts()[0]
    assert chosen(page) == ["leads:read"]
    assert service.scopes_of(of(project, bob)) == ()


def test_administrators_need_no_table(project: Project, alice: User) -> None:
    client = signed_in(alice)
    assert client.get(url(project, alice))["Location"] == f"/projects/{project.slug}/team/"
    assert "may do everything" in text(client.get(f"/projects/{project.slug}/team/"))
    assert client.post(url(project, alice), {"scope": "leads:read"}).status_code == 302
    assert service.scopes_of(of(project, alice)) == ()


@pytest.mark.parametrize("who", ["bob", "carol"])
def test_nobody_sets_their_own_permissions(project: Project, bob: User, carol: User, who: str) -> None:
    user = {"bob": bob, "carol": carol}[who]
    answer = signed_in(user).post(
        url(project, user), {"scope": "leads:read", "version": service.state_of(of(project, user))}
    )
    assert answer.status_code == 403
    assert service.scopes_of(of(project, user)) == ()


def test_people_of_another_project_are_not_found(project: Project, alice: User, mallory: User) -> None:
    theirs = Membership.objects.get(user=mallory)
    assert signed_in(alice).get(f"/projects/{project.slug}/team/{theirs.id}/grants/").status_code == 404


def test_somebody_removed_meanwhile_is_not_found(project: Project, alice: User, bob: User) -> None:
    path = url(project, bob)
    service.remove_member(actor=OPERATOR, membership=of(project, bob))
    assert signed_in(alice).post(path, {"scope": "leads:read", "version": "x"}).status_code == 404


def test_groups_of_a_catalogue_are_headings(alice: User, bob: User) -> None:
    made = make.project("Voice", catalogue="voice", administrator=alice)
    make.member(made, bob, "member")
    page = read(signed_in(alice).get(url(made, bob)))
    headings = [cell.text for cell in page.all("th", scope="rowgroup")]
    assert headings == ["Communication", "Agent configuration", "Contacts and data", "Administration"]


def test_team_page_says_what_the_keys_of_each_role_may_do(project: Project, bob: User) -> None:
    page = text(signed_in(bob).get(f"/projects/{project.slug}/team/"))
    assert page.count("may do what an administrator allows.") == 2
    assert "may do everything." in page
