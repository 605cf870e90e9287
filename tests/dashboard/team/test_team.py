"""The Team page: who is there, who is invited, what can be changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actor import OPERATOR
from apps.dashboard.team import members as pages
from apps.projects import invitations, queries, service
from apps.projects.models import Invitation, Membership, Project
from tests import make
from tests.dashboard.html import read
from tests.pages import Answer, signed_in, text

pytestmark = pytest.mark.django_db


def url(project: Project, rest: str = "") -> str:
    return f"/projects/{project.slug}/team/{rest}"


def membership(project: Project, user: User) -> Membership:
    return Membership.objects.get(project=project, user=user)


def invite(client: Client, project: Project, email: str = "dora@example.com", role: str = "member") -> Answer:
    return client.post(url(project, "invite/"), {"email": email, "role": role})


# --- Seen


def test_an_administrator_sees_people_roles_and_what_they_may_do(project: Project, alice: User) -> None:
    page = text(signed_in(alice).get(url(project)))
    for part in ("alice@example.com", "bob@example.com", "carol@example.com", "Administrator", "Member", "Partner"):
        assert part in page
    for part in ("create, watch and revoke API keys", "invite, change and remove people", "Send invitation"):
        assert part in page
    assert page.count("Actions<span") == 3


def test_what_keys_of_a_member_may_do_stands_beside_the_name(project: Project, alice: User, bob: User) -> None:
    row = membership(project, bob)
    service.set_grants(actor=OPERATOR, membership=row, grants=["leads:read", "leads:write", "calls:read"])
    assert "Own keys: Calls read, Leads read and write" in text(signed_in(alice).get(url(project)))


def test_what_keys_with_members_may_do_is_said_where_the_catalogue_has_it(project: Project, alice: User) -> None:
    voice = make.project("Voice", catalogue="voice", administrator=alice)
    page = text(signed_in(alice).get(url(voice)))
    assert "<strong>Members: Read</strong>: list the people here" in page
    assert "<strong>Members: Write</strong>: invite people, change what they may do, and remove them" in page
    assert "No key, not even an unrestricted one, makes, changes or removes an administrator" in page
    assert "No key, not even" not in text(signed_in(alice).get(url(project)))


def test_what_an_invitation_grants_is_shown_and_kept_when_it_is_sent_again(project: Project, alice: User) -> None:
    invitations.invite(actor=OPERATOR, project=project, email="d@example.com", role="member", grants=["leads:read"])
    assert "Own keys: Leads read" in text(signed_in(alice).get(url(project)))
    invite(signed_in(alice), project, "d@example.com")
    assert Invitation.objects.get().grants == ["leads:read"]


def test_roles_are_told_by_what_there_is_in_the_project(project: Project, alice: User, bob: User) -> None:
    deals = make.project("Deals", catalogue="bolten", administrator=alice)
    make.member(deals, bob, "member")
    client = signed_in(alice)
    for path in (url(deals), url(deals, f"{membership(deals, bob).id}/role/")):
        page = text(client.get(path))
        assert "configure the fields of Opportunities and Contacts" in page
        assert page.count("see the board of Opportunities and move its cards") == 3
        assert page.count("as far as their permissions go") == 2
        assert page.count("may do what an administrator allows.") == 2
    page = text(client.get(url(project)))
    assert "configure the fields" not in page and "board of" not in page


@pytest.mark.parametrize(
    ("grants", "board", "own_keys"),
    [
        ((), "", "Keys of your own, and programs signed in as you: nothing yet."),
        (("opportunities:write",), "", "Opportunities write."),
        (
            ("opportunities:read", "contacts:read"),
            "See the board of Opportunities</li>",
            "Opportunities read, Contacts",
        ),
        (("opportunities:read", "opportunities:write"), "See the board of Opportunities and move its cards</li>", ""),
    ],
)
def test_overview_tells_members_what_they_were_granted(
    project: Project, alice: User, bob: User, grants: tuple[str, ...], board: str, own_keys: str
) -> None:
    deals = make.project("Deals", catalogue="bolten", administrator=alice)
    make.member(deals, bob, "member", grants)
    page = text(signed_in(bob).get(f"/projects/{deals.slug}/"))
    assert ("See the board of" in page) == bool(board)
    assert board in page and own_keys in page
    assert "programs signed in as you, may do everything." in text(signed_in(alice).get(f"/projects/{deals.slug}/"))


def test_a_member_sees_people_and_changes_nothing(project: Project, bob: User) -> None:
    invitations.invite(actor=OPERATOR, project=project, email="dora@example.com", role="member")
    page = text(signed_in(bob).get(url(project)))
    assert "alice@example.com" in page
    for part in ("Send invitation", "Actions", "dora@example.com", "Remove"):
        assert part not in page


def test_the_page_of_a_large_team_costs_as_many_queries_as_that_of_a_small_one(
    project: Project, alice: User, django_assert_max_num_queries: Any
) -> None:
    for n in range(30):
        make.member(project, make.user(f"user{n}@example.com"), "member", ("leads:read",))
    client = signed_in(alice)
    with django_assert_max_num_queries(8):
        assert client.get(url(project)).status_code == 200


def test_names_of_html_are_shown_as_they_are(project: Project, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(name="<script>alert(1)</script>")
    page = signed_in(alice).get(url(project)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


# --- Inviting


def test_an_invitation_is_sent_and_listed(project: Project, alice: User) -> None:
    client = signed_in(alice)
    answer = invite(client, project, "Dora@example.com")
    assert answer["Location"] == url(project)
    page = text(client.get(url(project)))
    assert "A mail with a link is on its way to dora@example.com" in page
    assert "mail not sent yet" in page
    assert DBTaskResult.objects.count() == 1
    assert Event.objects.get(type="invitation.sent").actor_label == alice.email


@pytest.mark.parametrize(
    ("email", "role", "field"),
    [
        ("", "member", "email"),
        ("dora", "member", "email"),
        ("d" * 10_000, "member", "email"),
        ("dora@example.com\x00", "member", "email"),
        ("dora@example.com\nBcc: all@example.com", "member", "email"),
        ("<b>@example.com", "member", "email"),
        ("dora@example.com", "owner", "role"),
        ("dora@example.com", "", "role"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    project: Project, alice: User, email: str, role: str, field: str
) -> None:
    answer = invite(signed_in(alice), project, email, role)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in text(answer)
    assert not Invitation.objects.exists()


def test_what_was_typed_is_kept(project: Project, alice: User) -> None:
    assert 'value="dora at example"' in text(invite(signed_in(alice), project, "dora at example"))


def test_inviting_a_member_is_explained_beside_the_field(project: Project, alice: User) -> None:
    answer = invite(signed_in(alice), project, "BOB@example.com")
    assert (answer.status_code, "bob@example.com is a member already" in text(answer)) == (409, True)


def test_inviting_twice_sends_again(project: Project, alice: User) -> None:
    client = signed_in(alice)
    assert [invite(client, project).status_code for _ in range(2)] == [302, 302]
    assert Invitation.objects.count() == 1
    assert DBTaskResult.objects.count() == 2


def test_permissions_are_given_with_the_invitation(project: Project, alice: User, mallory: User) -> None:
    client = signed_in(alice)
    sent = {"email": mallory.email, "role": "partner", "scope": ["leads:read", "calls:write"]}
    client.post(url(project, "invite/"), sent)
    assert "Own keys: Calls write, Leads read" in text(client.get(url(project)))
    invitation = Invitation.objects.get()
    invitations.accept(actor=OPERATOR, invitation=invitation, user=mallory)
    assert queries.scopes_of(membership(project, mallory)) == ("calls:write", "leads:read")


def test_an_administrator_is_invited_without_permissions_which_they_do_not_need(project: Project, alice: User) -> None:
    sent = {"email": "d@example.com", "role": "administrator", "scope": ["leads:read"]}
    signed_in(alice).post(url(project, "invite/"), sent)
    assert Invitation.objects.get().grants == []


def test_a_permission_that_there_is_not_is_told_and_what_was_chosen_is_kept(project: Project, alice: User) -> None:
    sent = {"email": "d@example.com", "role": "member", "scope": ["leads:read", "x\x00"]}
    answer = signed_in(alice).post(url(project, "invite/"), sent)
    page = read(answer)
    assert (answer.status_code, Invitation.objects.count()) == (422, 0)
    assert "is not a permission of" in page.alerts()[0]
    assert page.one("input", id="id_email").attributes["value"] == "d@example.com"
    assert "checked" in page.one("input", type="checkbox", value="leads:read").attributes


def test_presets_of_the_invitation_choose_keep_what_was_typed_and_send_nothing(project: Project, alice: User) -> None:
    sent = {"email": "d@example", "role": "partner", "preset": "read"}
    page = read(signed_in(alice).post(url(project, "invite/"), sent))
    assert len([box for box in page.all("input", type="checkbox") if "checked" in box.attributes]) == 7
    assert page.one("input", id="id_email").attributes["value"] == "d@example"
    assert "selected" in page.one("option", value="partner").attributes
    assert page.alerts() == []
    assert not Invitation.objects.exists()


def test_an_expired_invitation_is_marked_and_can_be_sent_again(project: Project, alice: User) -> None:
    client = signed_in(alice)
    invite(client, project)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert "Expired</span>" in text(client.get(url(project)))
    invite(client, project)
    assert "Expired</span>" not in text(client.get(url(project)))


def test_an_invitation_is_withdrawn(project: Project, alice: User) -> None:
    client = signed_in(alice)
    invite(client, project)
    invitation = Invitation.objects.get()
    answer = client.post(url(project, f"invitations/{invitation.id}/withdraw/"), follow=True)
    assert "Its link no longer works" in text(answer)
    assert "Nobody is invited at the moment" in text(answer)


def test_withdrawing_what_was_accepted_says_so(project: Project, alice: User, mallory: User) -> None:
    client = signed_in(alice)
    invite(client, project, mallory.email)
    invitation = Invitation.objects.get()
    invitations.accept(actor=OPERATOR, invitation=invitation, user=mallory)
    answer = client.post(url(project, f"invitations/{invitation.id}/withdraw/"), follow=True)
    assert "has accepted the invitation already" in text(answer)


# --- Changing and removing


def test_the_question_about_a_role_names_person_and_roles(project: Project, alice: User, bob: User) -> None:
    page = text(signed_in(alice).get(url(project, f"{membership(project, bob).id}/role/")))
    assert "Change the role of bob@example.com" in page
    assert 'value="member" checked' in page


def test_a_role_is_changed(project: Project, alice: User, bob: User) -> None:
    path = url(project, f"{membership(project, bob).id}/role/")
    answer = signed_in(alice).post(path, {"role": "administrator"}, follow=True)
    assert "bob@example.com is now administrator" in text(answer)
    assert membership(project, bob).role == "administrator"


@pytest.mark.parametrize("role", ["", "owner", "administrator\x00", "x" * 10_000])
def test_a_role_that_does_not_exist_is_refused_beside_the_field(
    project: Project, alice: User, bob: User, role: str
) -> None:
    answer = signed_in(alice).post(url(project, f"{membership(project, bob).id}/role/"), {"role": role})
    assert answer.status_code == 422
    assert 'id="id_role_error"' in text(answer)
    assert membership(project, bob).role == "member"


def test_the_last_administrator_cannot_step_down_or_leave(project: Project, alice: User) -> None:
    client, own = signed_in(alice), membership(project, alice)
    for rest, data in (("role/", {"role": "member"}), ("remove/", {})):
        answer = client.post(url(project, f"{own.id}/{rest}"), data)
        assert answer.status_code == 409
        assert "is the last administrator" in text(answer)
    assert membership(project, alice).role == "administrator"


def test_the_last_administrator_is_told_before_trying(project: Project, alice: User, bob: User) -> None:
    client, own = signed_in(alice), membership(project, alice)
    for rest in ("role/", "remove/"):
        page = read(client.get(url(project, f"{own.id}/{rest}"))).one("main")
        assert "You are the last administrator of Acme Calls." in page.text
        assert "Leave Acme Calls?" not in page.text
        assert page.all("button") == []
    service.change_role(actor=OPERATOR, membership=membership(project, bob), role="administrator")
    assert "Leave Acme Calls?" in text(client.get(url(project, f"{own.id}/remove/")))
    team = text(client.get(url(project)))
    assert (team.count("Leave…"), team.count("Remove…")) == (1, 2)


def test_the_question_before_a_removal_says_what_stops(project: Project, alice: User, bob: User) -> None:
    make.new_key(None, "Laptop", owner=bob, scopes=["leads:read"])
    page = text(signed_in(alice).get(url(project, f"{membership(project, bob).id}/remove/")))
    for part in ("Remove bob@example.com from Acme Calls?", "1 API key of theirs", "no requests in the last 24 hours"):
        assert part in page


def test_htmx_gets_the_question_alone(project: Project, alice: User, bob: User) -> None:
    path = url(project, f"{membership(project, bob).id}/remove/")
    answer = signed_in(alice).get(path, headers={"HX-Request": "true"})
    assert 'id="dialog-title"' in text(answer)
    assert "<html" not in text(answer)
    assert "HX-Request" in answer["Vary"]


def test_a_member_is_removed(project: Project, alice: User, bob: User) -> None:
    answer = signed_in(alice).post(url(project, f"{membership(project, bob).id}/remove/"), follow=True)
    assert "bob@example.com is no longer in Acme Calls" in text(answer)
    assert signed_in(bob).get(f"/projects/{project.slug}/").status_code == 404


def test_whoever_leaves_lands_on_the_first_page(project: Project, alice: User, bob: User) -> None:
    service.change_role(actor=OPERATOR, membership=membership(project, bob), role="administrator")
    answer = signed_in(alice).post(url(project, f"{membership(project, alice).id}/remove/"))
    assert answer["Location"] == "/"


def test_whoever_steps_down_lands_on_the_overview(project: Project, alice: User, bob: User) -> None:
    service.change_role(actor=OPERATOR, membership=membership(project, bob), role="administrator")
    answer = signed_in(alice).post(url(project, f"{membership(project, alice).id}/role/"), {"role": "partner"})
    assert answer["Location"] == f"/projects/{project.slug}/"


def test_a_second_removal_says_that_there_is_nobody(project: Project, alice: User, bob: User) -> None:
    client, path = signed_in(alice), url(project, f"{membership(project, bob).id}/remove/")
    client.post(path)
    assert client.post(path).status_code == 404


@pytest.mark.parametrize("rest", ["role/", "remove/"])
def test_people_of_another_project_are_not_found(project: Project, alice: User, mallory: User, rest: str) -> None:
    theirs = Membership.objects.get(user=mallory)
    for method in (signed_in(alice).get, signed_in(alice).post):
        assert method(url(project, f"{theirs.id}/{rest}"), {"role": "partner"}).status_code == 404
    assert Membership.objects.get(user=mallory).role == "administrator"


def test_invitations_of_another_project_are_not_found(project: Project, alice: User, mallory: User) -> None:
    other = Membership.objects.get(user=mallory).project
    theirs = invitations.invite(actor=OPERATOR, project=other, email="dora@example.com", role="member")
    assert signed_in(alice).post(url(project, f"invitations/{theirs.id}/withdraw/")).status_code == 404
    theirs.refresh_from_db()
    assert theirs.closed_at is None


@pytest.mark.parametrize("odd", ["mem_short", "mem_" + "x" * 23, "mem_%00", "inv_" + "x" * 22, "..", "%ff"])
def test_odd_ids_are_not_found(project: Project, alice: User, odd: str) -> None:
    for rest in (f"{odd}/role/", f"{odd}/remove/", f"invitations/{odd}/withdraw/"):
        assert signed_in(alice).post(url(project, rest)).status_code == 404


def test_a_right_lost_between_question_and_act_shows_the_page_for_those_without(
    project: Project, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob is demoted after the page has let him in and before the service has locked the team."""
    own = membership(project, bob)
    service.change_role(actor=OPERATOR, membership=own, role="administrator")
    asked = pages.member_in

    def demoted_meanwhile(*args: Any) -> Membership:
        service.change_role(actor=OPERATOR, membership=own, role="member")
        return asked(*args)

    monkeypatch.setattr(pages, "member_in", demoted_meanwhile)
    answer = signed_in(bob).post(url(project, f"{membership(project, alice).id}/remove/"))
    assert answer.status_code == 403
    assert "alice@example.com" in text(answer)
    assert membership(project, alice).role == "administrator"


def test_changes_need_the_token_of_the_form(project: Project, alice: User, bob: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    for rest in ("invite/", f"{membership(project, bob).id}/remove/", f"{membership(project, bob).id}/role/"):
        assert strict.post(url(project, rest), {"email": "x@example.com", "role": "partner"}).status_code == 403
    assert membership(project, bob).role == "member"
