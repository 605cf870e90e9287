"""What members and partners may do with each resource, as administrators set it on the Team page."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actor import OPERATOR
from apps.core.verify import Ask
from apps.dashboard.access import Access
from apps.dashboard.team import grants as pages
from apps.dashboard.team import members
from apps.gate import gate
from apps.projects import invitations, queries, service
from apps.projects.models import Invitation, Membership, Project
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


@pytest.mark.parametrize(
    ("catalogue", "words"),
    [
        ("voice", "Write includes read."),
        ("boltcall", "Write does not include read: whoever should do both needs both."),
    ],
)
def test_page_says_whether_write_includes_read(
    alice: User, bob: User, project: Project, catalogue: str, words: str
) -> None:
    made = make.project("Another", catalogue=catalogue, administrator=alice)
    make.member(made, bob, "member")
    client = signed_in(alice)
    for path in (url(made, bob), f"/projects/{made.slug}/team/"):
        assert words in text(client.get(path))


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
    assert queries.scopes_of(of(project, bob)) == ("calls:write", "leads:read")
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
    assert queries.scopes_of(of(project, bob)) == ("leads:write",)


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
    assert queries.scopes_of(of(project, bob)) == ("calls:read",)
    page = read(answer)
    assert "Somebody else has changed these permissions meanwhile" in page.alerts()[0]
    assert "Saved now: Calls (read)." in page.text
    assert chosen(page) == ["leads:read"]
    save(client, project, bob, "leads:read", seen=version(page))
    assert queries.scopes_of(of(project, bob)) == ("leads:read",)


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
    assert queries.scopes_of(of(project, bob)) == (first[1],)
    assert Event.objects.filter(type="member.changed").count() == 1


@pytest.mark.parametrize("odd", ["leads:manage", "leads", "x\x00", "opportunities:read"])
def test_what_is_no_permission_here_is_told_and_not_saved(project: Project, alice: User, bob: User, odd: str) -> None:
    answer = save(signed_in(alice), project, bob, "leads:read", odd)
    assert answer.status_code == 422
    page = read(answer)
    assert "is not a permission of" in page.alerts()[0]
    assert chosen(page) == ["leads:read"]
    assert queries.scopes_of(of(project, bob)) == ()


def test_administrators_need_no_table(project: Project, alice: User) -> None:
    client = signed_in(alice)
    assert client.get(url(project, alice))["Location"] == f"/projects/{project.slug}/team/"
    assert "may do everything" in text(client.get(f"/projects/{project.slug}/team/"))
    assert client.post(url(project, alice), {"scope": "leads:read"}).status_code == 302
    assert queries.scopes_of(of(project, alice)) == ()


# --- Of an invitation


@pytest.fixture
def invitation(project: Project) -> Invitation:
    return invitations.invite(
        actor=OPERATOR, project=project, email="d@example.com", role="member", grants=["leads:read"]
    )


def of_invitation(project: Project, invitation: Invitation) -> str:
    return f"/projects/{project.slug}/team/invitations/{invitation.id}/grants/"


def test_permissions_of_an_invitation_are_seen_and_changed(
    project: Project, alice: User, invitation: Invitation
) -> None:
    client, path = signed_in(alice), of_invitation(project, invitation)
    page = read(client.get(path))
    assert chosen(page) == ["leads:read"]
    assert "once the invitation is accepted" in page.text
    answer = client.post(path, {"version": version(page), "scope": ["calls:read", "leads:write"]}, follow=True)
    assert "What d@example.com may do is saved. It holds from the moment they accept." in text(answer)
    assert "Own keys: Calls read, Leads write" in text(answer)
    invitation.refresh_from_db()
    assert (invitation.grants, invitation.closed_at) == (["calls:read", "leads:write"], None)
    event = Event.objects.get(type="invitation.changed")
    assert event.data == {"from": {"grants": ["leads:read"]}, "to": {"grants": ["calls:read", "leads:write"]}}
    assert "changed the invitation of" in text(client.get(f"/projects/{project.slug}/audit/"))
    client.post(path, {"version": queries.state_of(invitation), "scope": ["calls:read", "leads:write"]})
    assert Event.objects.filter(type="invitation.changed").count() == 1


def test_an_invitation_that_was_changed_meanwhile_is_held_back(
    project: Project, alice: User, invitation: Invitation
) -> None:
    client, path = signed_in(alice), of_invitation(project, invitation)
    seen = version(read(client.get(path)))
    invitations.set_grants(actor=OPERATOR, invitation=invitation, grants=[])
    answer = client.post(path, {"version": seen, "scope": ["calls:read"]})
    assert answer.status_code == 409
    assert "Saved now: nothing." in read(answer).text
    invitation.refresh_from_db()
    assert invitation.grants == []


def test_an_invitation_that_was_accepted_meanwhile_keeps_what_it_gave(
    project: Project, alice: User, mallory: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = invitations.invite(actor=OPERATOR, project=project, email=mallory.email, role="member")
    state = queries.state_of(made)
    allowed = members.still_allowed

    def accepted_meanwhile(access: Access) -> AbstractContextManager[None]:
        invitations.accept(actor=OPERATOR, invitation=made, user=mallory)
        return allowed(access)

    monkeypatch.setattr(pages, "still_allowed", accepted_meanwhile)
    client, path = signed_in(alice), of_invitation(project, made)
    answer = client.post(path, {"version": state, "scope": ["calls:read"]}, follow=True)
    assert f"The invitation of {mallory.email} was accepted meanwhile. Nothing was saved." in text(answer)
    assert queries.scopes_of(of(project, mallory)) == ()
    assert client.get(path).status_code == 404


def test_the_invitation_of_an_administrator_needs_no_table(project: Project, alice: User) -> None:
    made = invitations.invite(actor=OPERATOR, project=project, email="d@example.com", role="administrator")
    answer = signed_in(alice).get(of_invitation(project, made), follow=True)
    assert "d@example.com is invited as an administrator, and may do everything." in text(answer)


def test_nobody_else_changes_an_invitation(project: Project, bob: User, invitation: Invitation) -> None:
    answer = signed_in(bob).post(of_invitation(project, invitation), {"scope": "leads:write", "version": "x"})
    assert answer.status_code == 403
    other = make.project("Other", administrator=bob)
    assert signed_in(bob).get(of_invitation(other, invitation)).status_code == 404
    invitation.refresh_from_db()
    assert invitation.grants == ["leads:read"]


@pytest.mark.parametrize("who", ["bob", "carol"])
def test_nobody_sets_their_own_permissions(project: Project, bob: User, carol: User, who: str) -> None:
    user = {"bob": bob, "carol": carol}[who]
    answer = signed_in(user).post(
        url(project, user), {"scope": "leads:read", "version": queries.state_of(of(project, user))}
    )
    assert answer.status_code == 403
    assert queries.scopes_of(of(project, user)) == ()


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
