"""Invitations: sent, sent again, withdrawn, accepted."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.urls import resolve
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actor import OPERATOR, Actor
from apps.core.errors import Conflict, Invalid, Refused
from apps.projects import invitations, queries, service, tasks
from apps.projects.models import Invitation, Membership, Project
from tests.make import PASSWORD

pytestmark = pytest.mark.django_db


def as_actor(user: User) -> Actor:
    return Actor("user", str(user.pk), user.email)


def invite(project: Project, email: str = "dora@example.com", role: str = "member") -> Invitation:
    return invitations.invite(actor=OPERATOR, project=project, email=email, role=role)


def send(invitation: Invitation) -> str:
    """Does what the worker does, and returns the token of the link in the mail."""
    tasks.send_invitation.call(invitation.id)
    link = re.search(rf"{re.escape(settings.BASE_URL)}(/invitations/(\w+)/)", str(mail.outbox[-1].body))
    assert link is not None
    assert resolve(link[1]).url_name == "invitation"
    return link[2]


def events(kind: str) -> list[Event]:
    return list(Event.objects.filter(type=kind))


# --- Sending


def test_an_invitation_is_queued_with_its_row_and_holds_seven_days(project: Project, alice: User) -> None:
    before = timezone.now()
    made = invitations.invite(actor=as_actor(alice), project=project, email=" Dora@Example.com", role="member")
    assert (made.email, made.role, made.invited_by) == ("dora@example.com", "member", alice.email)
    assert before <= made.expires_at - timedelta(days=7) <= timezone.now()
    [queued] = DBTaskResult.objects.all()
    assert queued.args_kwargs == {"args": [made.id], "kwargs": {}}
    [event] = events("invitation.sent")
    assert (event.target_label, event.data) == ("dora@example.com", {"role": "member", "again": False, "grants": []})


def test_the_token_is_in_the_mail_and_nowhere_else(project: Project) -> None:
    invitation = invite(project)
    token = send(invitation)
    [message] = mail.outbox
    assert (message.to, message.subject) == (["dora@example.com"], f"Invitation to {project.name}")
    assert len(token) == tasks.TOKEN_LENGTH
    invitation.refresh_from_db()
    assert bytes(invitation.digest or b"") == tasks.digest(token)
    assert invitation.sent_at is not None
    rows = [*Invitation.objects.values(), *DBTaskResult.objects.values(), *Event.objects.values()]
    assert token not in str(rows)
    assert queries.invitation_by_token(token) == invitation


def test_inviting_again_sends_a_new_link_and_ends_the_old(project: Project) -> None:
    first = invite(project)
    old = send(first)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    second = invite(project, email="DORA@example.com", role="administrator")
    assert second.id == first.id
    assert queries.invitation_by_token(old) == first, "the old link works until the new mail is out"
    new = send(second)
    assert queries.invitation_by_token(old) is None
    found = queries.invitation_by_token(new)
    assert found is not None
    assert (found.role, found.state(timezone.now())) == ("administrator", "open")
    assert [e.data["again"] for e in reversed(events("invitation.sent"))] == [False, True]


def test_a_member_is_not_invited(project: Project, bob: User) -> None:
    with pytest.raises(Conflict) as refused:
        invite(project, email="Bob@example.com", role="administrator")
    assert refused.value.code == "already_member"
    assert not DBTaskResult.objects.exists()


@pytest.mark.parametrize(
    ("email", "role", "pointer"),
    [
        ("", "member", "/email"),
        ("dora", "member", "/email"),
        ("dora@example.com\nBcc: all@example.com", "member", "/email"),
        ("dora@example.com\x00", "member", "/email"),
        ("d" * 10_000, "member", "/email"),
        ("dora@example.com", "owner", "/role"),
    ],
)
def test_what_is_wrong_with_an_invitation_is_said(project: Project, email: str, role: str, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        invite(project, email, role)
    assert [e.pointer for e in refused.value.errors] == [pointer]
    assert not Invitation.objects.exists()


def test_a_mail_server_that_is_away_is_tried_again_later(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise TimeoutError

    invitation = invite(project)
    monkeypatch.setattr("apps.accounts.mail.send", refuse)
    tasks.send_invitation.call(invitation.id)
    invitation.refresh_from_db()
    assert invitation.sent_at is None
    assert [t.args_kwargs["args"] for t in DBTaskResult.objects.order_by("enqueued_at")] == [
        [invitation.id],
        [invitation.id, 1],
    ]


# --- Withdrawing


def test_a_withdrawn_invitation_sends_and_opens_nothing(project: Project, alice: User, mallory: User) -> None:
    invitation = invite(project, mallory.email)
    send(invitation)
    for _ in range(2):
        invitations.withdraw(actor=as_actor(alice), invitation=invitation)
    assert len(events("invitation.withdrawn")) == 1
    mail.outbox.clear()
    tasks.send_invitation.call(invitation.id)
    assert mail.outbox == []
    with pytest.raises(Conflict) as refused:
        invitations.accept(actor=as_actor(mallory), invitation=invitation, user=mallory)
    assert refused.value.code == "withdrawn"
    assert list(queries.open_invitations(project)) == []


def test_an_accepted_invitation_cannot_be_withdrawn(project: Project, mallory: User, alice: User) -> None:
    invitation = invite(project, mallory.email)
    invitations.accept(actor=as_actor(mallory), invitation=invitation, user=mallory)
    row = invitations.withdraw(actor=as_actor(alice), invitation=invitation)
    assert row.outcome == "accepted"
    assert not events("invitation.withdrawn")


def test_only_administrators_withdraw(project: Project, bob: User) -> None:
    with pytest.raises(Refused):
        invitations.withdraw(actor=as_actor(bob), invitation=invite(project))


# --- Accepting


def test_the_invited_user_gets_the_role(project: Project, mallory: User) -> None:
    invitation = invite(project, mallory.email, "administrator")
    made = invitations.accept(actor=as_actor(mallory), invitation=invitation, user=mallory)
    assert (made.project, made.user, made.role) == (project, mallory, "administrator")
    [event] = events("invitation.accepted")
    assert (event.actor_label, event.project_id) == (mallory.email, project.id)


def test_nobody_else_can_use_the_link(project: Project, mallory: User) -> None:
    with pytest.raises(Refused) as refused:
        invitations.accept(actor=as_actor(mallory), invitation=invite(project), user=mallory)
    assert refused.value.code == "wrong_account"
    assert not Membership.objects.filter(project=project, user=mallory).exists()


def test_an_invitation_works_once(project: Project, mallory: User) -> None:
    invitation = invite(project, mallory.email)
    made = invitations.accept(actor=as_actor(mallory), invitation=invitation, user=mallory)
    service.remove_member(actor=OPERATOR, membership=made)
    with pytest.raises(Conflict) as refused:
        invitations.accept(actor=as_actor(mallory), invitation=invitation, user=mallory)
    assert refused.value.code == "accepted"


def test_an_expired_invitation_is_refused(project: Project, mallory: User) -> None:
    invitation = invite(project, mallory.email)
    Invitation.objects.update(expires_at=timezone.now())
    with pytest.raises(Conflict) as refused:
        invitations.accept(actor=as_actor(mallory), invitation=invitation, user=mallory)
    assert refused.value.code == "expired"


def test_an_older_invitation_never_changes_a_role(project: Project, mallory: User) -> None:
    invitation = invite(project, mallory.email, "administrator")
    service.add_member(actor=OPERATOR, project=project, user=mallory, role="partner")
    with pytest.raises(Conflict):
        invitations.accept(actor=as_actor(mallory), invitation=invitation, user=mallory)
    assert Membership.objects.get(project=project, user=mallory).role == "partner"


def join(invitation: Invitation, password: str = PASSWORD, name: str = "Dora") -> Membership:
    return invitations.accept_as_new_user(
        ip="192.0.2.9", request_id="req_9", invitation=invitation, password=password, name=name
    )


def test_a_new_person_gets_an_account_for_exactly_the_invited_address(project: Project) -> None:
    made = join(invite(project))
    assert (made.user.email, made.user.name, made.role) == ("dora@example.com", "Dora", "member")
    assert made.user.check_password(PASSWORD)
    assert (made.user.is_staff, made.user.is_superuser) == (False, False)
    created, accepted = events("user.created")[0], events("invitation.accepted")[0]
    assert {created.actor_id, accepted.actor_id} == {str(made.user.pk)}
    assert (accepted.ip, accepted.request_id) == ("192.0.2.9", "req_9")


def test_a_refused_join_leaves_no_account(project: Project) -> None:
    invitation = invite(project)
    with pytest.raises(Invalid):
        join(invitation, password="short")
    with pytest.raises(Invalid):
        join(invitation, name="\u200b")
    invitations.withdraw(actor=OPERATOR, invitation=invitation)
    with pytest.raises(Conflict):
        join(invitation)
    assert not User.objects.filter(email="dora@example.com").exists()


def test_joining_takes_over_nobodys_account(project: Project, mallory: User) -> None:
    with pytest.raises(Conflict) as refused:
        join(invite(project, mallory.email), password="a brand new password")
    assert refused.value.code == "email_taken"
    mallory.refresh_from_db()
    assert mallory.check_password(PASSWORD)
