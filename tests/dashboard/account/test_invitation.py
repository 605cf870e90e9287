"""The link of an invitation, opened by whom it is for and by others."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actor import OPERATOR
from apps.projects import invitations, tasks
from apps.projects.models import Invitation, Membership, Project
from tests.make import PASSWORD
from tests.pages import Answer, signed_in, text

pytestmark = pytest.mark.django_db
NEW_PERSON = "dora@example.com"


def invite(project: Project, email: str = NEW_PERSON, role: str = "member") -> str:
    """Does what page and worker do; the path of the link."""
    invitation = invitations.invite(actor=OPERATOR, project=project, email=email, role=role)
    tasks.send_invitation.call(invitation.id)
    found = re.search(r"/invitations/\w+/", str(mail.outbox[-1].body))
    assert found is not None
    return found[0]


def join(path: str, client: Client | None = None, over: dict[str, str] | None = None) -> Answer:
    return (client or Client()).post(f"{path}join/", {"name": "Dora", "password": PASSWORD, **(over or {})})


# --- Somebody new


def test_a_new_person_sees_the_address_and_sets_a_password(project: Project) -> None:
    page = text(Client().get(invite(project)))
    for part in (f"Join {project.name}", f'value="{NEW_PERSON}"', ">Password</label>", "Create the account and join"):
        assert part in page


def test_a_new_person_joins_and_is_signed_in(project: Project) -> None:
    client = Client()
    answer = join(invite(project), client)
    assert answer["Location"] == f"/projects/{project.slug}/"
    member = Membership.objects.get(project=project, user__email=NEW_PERSON)
    assert (member.role, member.user.name) == ("member", "Dora")
    assert "Welcome to Acme Calls" in text(client.get(answer["Location"]))
    kinds = list(Event.objects.filter(actor_id=str(member.user.pk)).order_by("at").values_list("type", flat=True))
    assert kinds == ["user.created", "invitation.accepted", "user.signed_in"]


def test_the_address_cannot_be_chosen(project: Project) -> None:
    sent = {"email": "eve@example.com", "username": "eve@example.com", "role": "administrator", "is_staff": "1"}
    join(invite(project), over=sent)
    assert not User.objects.filter(email="eve@example.com").exists()
    member = Membership.objects.get(project=project, user__email=NEW_PERSON)
    assert (member.role, member.user.is_staff) == ("member", False)


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"password": ""}, "password"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"password": "dora@example.com"}, "password"),
        ({"password": "correct\x00horse battery"}, "password"),
        ({"name": "x" * 10_000}, "name"),
        ({"name": "\u200b\u200b"}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"name": "a\x00b"}, "name"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(project: Project, over: dict[str, str], field: str) -> None:
    answer = join(invite(project), over=over)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in text(answer)
    assert not User.objects.filter(email=NEW_PERSON).exists()


def test_a_name_of_html_is_shown_as_it_was_typed(project: Project) -> None:
    client = Client()
    join(invite(project), client, {"name": "<b>Dora</b>"})
    page = text(client.get(f"/projects/{project.slug}/team/"))
    assert "&lt;b&gt;Dora&lt;/b&gt;" in page
    assert "<b>Dora" not in page


# --- Somebody with an account


def test_a_user_is_asked_to_sign_in_and_comes_back(project: Project, mallory: User) -> None:
    path = invite(project, mallory.email)
    page = text(Client().get(path))
    found = re.search(r'href="(/accounts/login/\?next=[^"]+)"', page)
    assert found is not None
    answer = Client().post(found[1], {"login": mallory.email, "password": PASSWORD})
    assert answer["Location"] == path


def test_nobody_takes_over_an_account_by_the_link(project: Project, mallory: User) -> None:
    path = invite(project, mallory.email)
    assert join(path, over={"password": "a password of somebody else"}).status_code == 302
    mallory.refresh_from_db()
    assert mallory.check_password(PASSWORD)


def test_opening_the_link_accepts_nothing(project: Project, mallory: User) -> None:
    path, client = invite(project, mallory.email), signed_in(mallory)
    for method in (client.get, client.head):
        method(path)
        method(f"{path}accept/")
        method(f"{path}join/")
    assert not Membership.objects.filter(project=project, user=mallory).exists()


def test_the_invited_user_accepts(project: Project, mallory: User) -> None:
    path, client = invite(project, mallory.email, "administrator"), signed_in(mallory)
    assert "Accept the invitation" in text(client.get(path))
    answer = client.post(f"{path}accept/")
    assert answer["Location"] == f"/projects/{project.slug}/"
    assert Membership.objects.get(project=project, user=mallory).role == "administrator"


def test_somebody_else_is_told_whom_it_is_for(project: Project, mallory: User, bob: User) -> None:
    path, client = invite(project, mallory.email), signed_in(bob)
    page = text(client.get(path))
    assert "This invitation is for another account" in page
    assert mallory.email in page
    assert client.post(f"{path}accept/")["Location"] == path
    assert join(path, client)["Location"] == path
    assert not Membership.objects.filter(project=project, user=mallory).exists()
    assert client.post("/accounts/logout/", {"next": path})["Location"] == path


def test_accepting_needs_a_sign_in(project: Project, mallory: User) -> None:
    path = invite(project, mallory.email)
    assert Client().post(f"{path}accept/")["Location"] == path
    assert not Membership.objects.filter(project=project, user=mallory).exists()


def test_accepting_needs_the_token_of_the_form(project: Project, mallory: User) -> None:
    path, client = invite(project, mallory.email), Client(enforce_csrf_checks=True)
    client.force_login(mallory)
    assert client.post(f"{path}accept/").status_code == 403
    assert not Membership.objects.filter(project=project, user=mallory).exists()


# --- Links that do not work any more


def test_a_used_link_says_so(project: Project) -> None:
    path = invite(project)
    join(path)
    answer = Client().get(path)
    assert (answer.status_code, "This invitation has been used" in text(answer)) == (410, True)
    assert join(path).status_code == 302


def test_a_withdrawn_link_says_so(project: Project) -> None:
    path = invite(project)
    invitations.withdraw(actor=OPERATOR, invitation=Invitation.objects.get())
    answer = Client().get(path)
    assert (answer.status_code, "This invitation was withdrawn" in text(answer)) == (410, True)
    join(path)
    assert not User.objects.filter(email=NEW_PERSON).exists()


def test_an_expired_link_says_so(project: Project) -> None:
    path = invite(project)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = Client().get(path)
    assert (answer.status_code, "This invitation has expired" in text(answer)) == (410, True)
    join(path)
    assert not User.objects.filter(email=NEW_PERSON).exists()


@pytest.mark.parametrize("token", ["x", "x" * 5_000, "%00", "%0a", "%ff", "..", "<b>"])
def test_an_unknown_link_says_so(token: str) -> None:
    answer = Client().get(f"/invitations/{token}/")
    assert answer.status_code == 404
    assert "<b>/" not in text(answer)


def test_the_page_is_not_kept_by_caches(project: Project) -> None:
    assert "no-store" in Client().get(invite(project))["Cache-Control"]
