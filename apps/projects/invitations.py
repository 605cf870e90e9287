"""Invitations to a project: sent, changed, withdrawn, accepted. Each is one transaction with its audit event."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from apps.accounts import service as accounts
from apps.accounts.models import User
from apps.accounts.rules import clean_email
from apps.audit.events import EventType
from apps.core.actor import Actor
from apps.core.errors import Conflict, Missing, Refused
from apps.core.ids import new_id
from apps.projects import giving, locks, rules, tasks, team
from apps.projects.models import Invitation, Membership, Outcome, Project


def invite(
    *,
    actor: Actor,
    project: Project,
    email: str,
    role: str,
    grants: Iterable[str] | None = None,
    invitation_id: str | None = None,
    ask: giving.Ask | None = None,
) -> Invitation:
    """An open invitation, whose mail is queued in the same transaction; it holds for seven days.

    `grants` are what the membership will have. Whoever is invited already gets a new mail, with the role given now,
    the grants given now (None: as before) and seven days from now. With an `invitation_id` that was reserved before, a
    second call returns what the first one made. `ask` tells what the key that invites can give. Raises `Invalid`,
    `Refused` (`exceeds_own`), and `Conflict` (`already_member`).
    """
    address, role, now = clean_email(email), rules.clean_role(role), timezone.now()
    scopes = None if grants is None else rules.clean_grants(project, grants)
    with transaction.atomic(durable=True):
        locks.lock_team(project, actor, ask)
        if made := Invitation.objects.filter(project=project, pk=invitation_id).first():
            return made
        _refuse_member(project, address)
        invitation = _open_invitation(project, address) or Invitation(
            id=invitation_id or new_id("inv"), project=project, email=address
        )
        scopes = tuple(invitation.grants) if scopes is None else scopes
        if ask:
            ask().check(invitation.role, role, (), scopes)
        again = not invitation._state.adding
        invitation.role, invitation.grants, invitation.invited_by = role, list(scopes), rules.inviter(actor)
        invitation.sent_at, invitation.expires_at = None, now + rules.INVITATION_LIFE
        invitation.save()
        tasks.send_invitation.enqueue(invitation.id)
        facts = {"role": role, "again": again, "grants": list(scopes)}
        team.audit(EventType.INVITATION_SENT, actor, project, invitation, facts)
    return invitation


def set_grants(*, actor: Actor, invitation: Invitation, grants: Iterable[str], seen: str | None = None) -> Invitation:
    """The open invitation with these grants in place of those it had; its link goes on working, and no mail is sent.

    `seen` and what is raised are as for `service.set_grants`: `Missing` once it was accepted or withdrawn.
    """
    scopes = list(rules.clean_grants(invitation.project, grants))
    with transaction.atomic(durable=True):
        locks.lock_team(invitation.project, actor)
        row = Invitation.objects.select_related("project").get(pk=invitation.pk)
        if row.closed_at:
            raise Missing(f"The invitation of {row.email} was {row.outcome} meanwhile. Nothing was saved.")
        team.check_seen(seen, row)
        if scopes != row.grants:
            facts = {"from": {"grants": row.grants}, "to": {"grants": scopes}}
            row.grants = scopes
            row.save(update_fields=["grants"])
            team.audit(EventType.INVITATION_CHANGED, actor, row.project, row, facts)
    return row


def withdraw(*, actor: Actor, invitation: Invitation, ask: giving.Ask | None = None) -> Invitation:
    """The invitation, closed: its link says so. One that is closed already stays as it is. Raises `Refused`."""
    with transaction.atomic(durable=True):
        locks.lock_team(invitation.project, actor, ask)
        row = Invitation.objects.select_related("project").get(pk=invitation.pk)
        if ask:
            ask().check_reach(row.role)
        if row.closed_at is None:
            team.close(row, Outcome.WITHDRAWN)
            team.audit(EventType.INVITATION_WITHDRAWN, actor, row.project, row, {"role": row.role})
    return row


def accept(*, actor: Actor, invitation: Invitation, user: User) -> Membership:
    """The membership of the invited person, who must have exactly the invited address.

    Raises `Refused` (`wrong_account`) for anybody else, and `Conflict` (`expired`, `accepted`, `withdrawn`).
    """
    if user.email != invitation.email:
        raise Refused(f"This invitation is for {invitation.email}.", "wrong_account")
    with team.changing_rights_of(user):
        return _accept(actor, invitation, user)


def accept_as_new_user(
    *, ip: str | None, request_id: str | None, invitation: Invitation, password: str, name: str = ""
) -> Membership:
    """The membership of a person without an account, which is made for exactly the invited address, by themselves.

    Whoever holds the link has received mail at that address. Raises `Invalid`, and `Conflict` (`email_taken`,
    `expired`, `accepted`, `withdrawn`).
    """
    user = accounts.new_user(email=invitation.email, password=password, name=name)
    actor = Actor("user", str(user.pk), user.email, ip, request_id)
    with team.changing_rights_of(user):
        accounts.insert_user(actor=actor, user=user)
        return _accept(actor, invitation, user)


def _refuse_member(project: Project, address: str) -> None:
    if Membership.objects.filter(project=project, user__email=address).exists():
        detail = f"{address} is a member already. Change the role in the list of members."
        raise Conflict(detail, "already_member")


def _open_invitation(project: Project, address: str) -> Invitation | None:
    return Invitation.objects.filter(project=project, email=address, closed_at=None).first()


def _accept(actor: Actor, invitation: Invitation, user: User) -> Membership:
    locks.lock(invitation.project)
    row = Invitation.objects.select_related("project").get(pk=invitation.pk)
    state = row.state(timezone.now())
    if state != "open":
        raise Conflict("This invitation cannot be used any more.", state)
    team.refuse_disabled(user)
    team.close(row, Outcome.ACCEPTED)
    membership, made = Membership.objects.get_or_create(project=row.project, user=user, defaults={"role": row.role})
    if made:
        team.write_grants(membership, rules.known_grants(row.project, row.grants))
    facts = {"role": membership.role, "member_before": not made, "grants": row.grants}
    team.audit(EventType.INVITATION_ACCEPTED, actor, row.project, row, facts)
    return membership
