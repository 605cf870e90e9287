"""Projects and the people in them: created, suspended, added, changed, removed, invited.

Each function is one transaction with its audit event. A change that the gate must see is surrounded by
`gate.changing`: when the function returns, keys of somebody who lost a right have lost it too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from apps.accounts import service as accounts
from apps.accounts.models import User
from apps.accounts.rules import clean_email
from apps.audit import service as audit
from apps.audit.events import EventType
from apps.core import grants as core_grants
from apps.core.actor import Actor
from apps.core.errors import Conflict, Missing, Refused
from apps.core.ids import new_id
from apps.gate import gate
from apps.projects import catalogues, giving, locks, queries, rules, tasks
from apps.projects.models import (
    Environment,
    Invitation,
    MemberGrant,
    Membership,
    Outcome,
    Project,
    Role,
)

SLUG_ATTEMPTS = 5


def create_project(
    *, actor: Actor, name: str, catalogue: str, admin: User, environment: str = Environment.LIVE
) -> Project:
    """A new project with `admin` as its administrator and a slug made from its name. Raises `Invalid`, `Conflict`."""
    project = Project(
        name=rules.clean_name(name),
        catalogue=rules.clean_catalogue(catalogue),
        environment=rules.clean_environment(environment),
    )
    with _changing_rights_of(admin):
        _refuse_disabled(admin)
        _insert_with_free_slug(project)
        Membership.objects.create(project=project, user=admin, role=Role.ADMINISTRATOR)
        facts = {"catalogue": project.catalogue, "environment": project.environment, "administrator": admin.email}
        _audit(EventType.PROJECT_CREATED, actor, project, project, facts)
    return project


def suspend_project(*, actor: Actor, project: Project) -> Project:
    """The project, none of whose keys is accepted from now on. Suspending twice changes nothing."""
    return _set_suspended(actor, project, EventType.PROJECT_SUSPENDED, suspended=True)


def resume_project(*, actor: Actor, project: Project) -> Project:
    """The project, whose keys are accepted again."""
    return _set_suspended(actor, project, EventType.PROJECT_RESUMED, suspended=False)


def add_member(*, actor: Actor, project: Project, user: User, role: str, grants: Iterable[str] = ()) -> Membership:
    """The user's membership with exactly this role and these grants, whether it was there before or not.

    `grants` are scopes of the project's catalogue. Raises `Invalid`, `Refused`, and `Conflict`
    (`last_administrator`, `user_disabled`).
    """
    role, scopes = rules.clean_role(role), rules.clean_grants(project, grants)
    with _changing_rights_of(user):
        locks.lock_team(project, actor)
        membership = Membership.objects.select_related("project", "user").filter(project=project, user=user).first()
        if membership is None:
            return _insert_member(actor, project, user, role, scopes)
        _change(actor, membership, role, scopes)
    return membership


def change_role(*, actor: Actor, membership: Membership, role: str) -> Membership:
    """The membership with another role and the grants it had. Raises `Invalid`, `Conflict`, `Missing`, `Refused`."""
    role = rules.clean_role(role)
    with _changing_rights_of(membership.user):
        row = locks.lock_member(membership, actor)
        _change(actor, row, role, scopes_of(row))
    return row


def set_grants(*, actor: Actor, membership: Membership, grants: Iterable[str], seen: str | None = None) -> Membership:
    """The membership with these grants in place of those it had. Raises `Invalid`, `Missing`, `Refused`.

    `seen` is the `state_of` the membership on which the choice was made: when it is another by now, nothing is written
    and `Conflict` (`changed_meanwhile`) is raised.
    """
    scopes = rules.clean_grants(membership.project, grants)
    with _changing_rights_of(membership.user):
        row = locks.lock_member(membership, actor)
        _check_seen(seen, row)
        _change(actor, row, Role(row.role), scopes)
    return row


def change_member(
    *,
    actor: Actor,
    membership: Membership,
    role: str | None = None,
    grants: Iterable[str] | None = None,
    ask: giving.Ask | None = None,
) -> Membership:
    """The membership with this role and these grants in one step; None leaves either as it is.

    `ask` tells what the key that does it can give. Raises `Invalid`, `Conflict` (`last_administrator`), `Missing`,
    `Refused` (`exceeds_own`).
    """
    wanted = None if role is None else rules.clean_role(role)
    scopes = None if grants is None else rules.clean_grants(membership.project, grants)
    with _changing_rights_of(membership.user):
        row = locks.lock_member(membership, actor, ask)
        role, scopes = wanted or Role(row.role), scopes_of(row) if scopes is None else scopes
        if ask:
            ask().check(row.role, role, _held(row), scopes)
        _change(actor, row, role, scopes)
    return _with_grants(row)


def remove_member(*, actor: Actor, membership: Membership, ask: giving.Ask | None = None) -> None:
    """Takes somebody out: their user keys no longer reach the project. Raises `Conflict`, `Missing`, `Refused`."""
    with _changing_rights_of(membership.user):
        row = locks.lock_member(membership, actor, ask)
        if ask:
            ask().check_reach(row.role)
        _keep_an_administrator(row)
        _remove(actor, row)


def leave_all(*, actor: Actor, user: User) -> list[str]:
    """Takes the user out of every project they are in, inside the caller's transaction; returns the slugs of these.

    Raises `Conflict` (`last_administrator`), which names the project.
    """
    theirs = Project.objects.filter(memberships__user=user).order_by("pk")
    list(theirs.select_for_update(of=("self",), no_key=True))
    memberships = list(Membership.objects.select_related("project", "user").filter(user=user).order_by("project"))
    for membership in memberships:
        _keep_an_administrator(membership)
        _remove(actor, membership)
    return [membership.project.slug for membership in memberships]


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
        _audit(EventType.INVITATION_SENT, actor, project, invitation, facts)
    return invitation


def set_invitation_grants(
    *, actor: Actor, invitation: Invitation, grants: Iterable[str], seen: str | None = None
) -> Invitation:
    """The open invitation with these grants in place of those it had; its link goes on working, and no mail is sent.

    `seen` and what is raised are as for `set_grants`: `Missing` once it was accepted or withdrawn.
    """
    scopes = list(rules.clean_grants(invitation.project, grants))
    with transaction.atomic(durable=True):
        locks.lock_team(invitation.project, actor)
        row = Invitation.objects.select_related("project").get(pk=invitation.pk)
        if row.closed_at:
            raise Missing(f"The invitation of {row.email} was {row.outcome} meanwhile. Nothing was saved.")
        _check_seen(seen, row)
        if scopes != row.grants:
            facts = {"from": {"grants": row.grants}, "to": {"grants": scopes}}
            row.grants = scopes
            row.save(update_fields=["grants"])
            _audit(EventType.INVITATION_CHANGED, actor, row.project, row, facts)
    return row


def withdraw_invitation(*, actor: Actor, invitation: Invitation, ask: giving.Ask | None = None) -> Invitation:
    """The invitation, closed: its link says so. One that is closed already stays as it is. Raises `Refused`."""
    with transaction.atomic(durable=True):
        locks.lock_team(invitation.project, actor, ask)
        row = Invitation.objects.select_related("project").get(pk=invitation.pk)
        if ask:
            ask().check_reach(row.role)
        if row.closed_at is None:
            _close(row, Outcome.WITHDRAWN)
            _audit(EventType.INVITATION_WITHDRAWN, actor, row.project, row, {"role": row.role})
    return row


def accept_invitation(*, actor: Actor, invitation: Invitation, user: User) -> Membership:
    """The membership of the invited person, who must have exactly the invited address.

    Raises `Refused` (`wrong_account`) for anybody else, and `Conflict` (`expired`, `accepted`, `withdrawn`).
    """
    if user.email != invitation.email:
        raise Refused(f"This invitation is for {invitation.email}.", "wrong_account")
    with _changing_rights_of(user):
        return _accept(actor, invitation, user)


def accept_invitation_as_new_user(
    *, ip: str | None, request_id: str | None, invitation: Invitation, password: str, name: str = ""
) -> Membership:
    """The membership of a person without an account, which is made for exactly the invited address, by themselves.

    Whoever holds the link has received mail at that address. Raises `Invalid`, and `Conflict` (`email_taken`,
    `expired`, `accepted`, `withdrawn`).
    """
    user = accounts.new_user(email=invitation.email, password=password, name=name)
    actor = Actor("user", str(user.pk), user.email, ip, request_id)
    with _changing_rights_of(user):
        accounts.insert_user(actor=actor, user=user)
        return _accept(actor, invitation, user)


def scopes_of(membership: Membership) -> tuple[str, ...]:
    """What the membership was granted, sorted. An administrator may do everything whatever is written here."""
    return tuple(sorted(grant.scope for grant in membership.grants.all()))


def state_of(row: Membership | Invitation) -> str:
    """Role and grants in a few characters, which are others as soon as one of them changes."""
    scopes = sorted(row.grants) if isinstance(row, Invitation) else scopes_of(row)
    return hashlib.sha256(" ".join((row.role, *scopes)).encode()).hexdigest()[:32]


def _check_seen(seen: str | None, row: Membership | Invitation) -> None:
    """Refuses a choice that was made on another state than that of the row; None is made on any."""
    if seen is not None and seen != state_of(row):
        raise Conflict("Somebody else has changed these permissions meanwhile.", "changed_meanwhile")


@contextmanager
def _changing_rights_of(user: User) -> Iterator[None]:
    with gate.changing(owner=str(user.pk)), transaction.atomic(durable=True):
        yield


def _refuse_member(project: Project, address: str) -> None:
    if Membership.objects.filter(project=project, user__email=address).exists():
        detail = f"{address} is a member already. Change the role in the list of members."
        raise Conflict(detail, "already_member")


def _open_invitation(project: Project, address: str) -> Invitation | None:
    return Invitation.objects.filter(project=project, email=address, closed_at=None).first()


def _keep_an_administrator(membership: Membership) -> None:
    """Refuses to take the role from the last administrator who can sign in."""
    if queries.is_last_administrator(membership):
        who, where = membership.user.email, membership.project.name
        detail = f"{who} is the last administrator of {where}. Make somebody else an administrator first."
        raise Conflict(detail, "last_administrator")


def _refuse_disabled(user: User) -> None:
    """Who is disabled or deleted at this moment waits for the end of this transaction, or is seen to be."""
    if User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).first() is None:
        raise Conflict(f"The account of {user.email} is disabled.", "user_disabled")


def _insert_with_free_slug(project: Project) -> None:
    base = rules.slug_base(project.name)
    for _ in range(SLUG_ATTEMPTS):
        taken = set(Project.objects.filter(slug__startswith=base).values_list("slug", flat=True))
        numbered = (base if n == 1 else f"{base}-{n}" for n in range(1, len(taken) + 2))
        project.slug = next(slug for slug in numbered if slug not in taken)
        try:
            with transaction.atomic():
                project.save(force_insert=True)
        except IntegrityError:
            continue  # another project of this name was made at the same moment
        return
    raise Conflict("Many projects of this name are being made. Try again.", "slug_taken")


def _insert_member(actor: Actor, project: Project, user: User, role: str, scopes: Sequence[str] = ()) -> Membership:
    _refuse_disabled(user)
    membership = Membership.objects.create(project=project, user=user, role=role)
    _write_grants(membership, scopes)
    # An older invitation must not change the role later.
    for invitation in Invitation.objects.filter(project=project, email=user.email, closed_at=None):
        _close(invitation, Outcome.ACCEPTED)
    facts = {"role": role, "grants": list(scopes)}
    _audit(EventType.MEMBER_ADDED, actor, project, user, facts)
    return membership


def _change(actor: Actor, membership: Membership, role: str, scopes: Sequence[str]) -> None:
    """Writes role and grants, and one event when they differ from what was there."""
    before = {"role": membership.role, "grants": list(scopes_of(membership))}
    after = {"role": str(role), "grants": sorted(scopes)}
    if before == after:
        return
    if role != Role.ADMINISTRATOR:
        _keep_an_administrator(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    _write_grants(membership, scopes)
    facts = {"from": before, "to": after}
    _audit(EventType.MEMBER_CHANGED, actor, membership.project, membership.user, facts)


def _remove(actor: Actor, membership: Membership) -> None:
    facts = {"role": membership.role, "grants": list(scopes_of(membership))}
    membership.delete()
    _audit(EventType.MEMBER_REMOVED, actor, membership.project, membership.user, facts)


def _held(membership: Membership) -> frozenset[str]:
    """What the membership was granted, with all that it implies."""
    return core_grants.expand(catalogues.get(membership.project.catalogue), scopes_of(membership))


def _with_grants(membership: Membership) -> Membership:
    """The same, without grants that were read before they were written."""
    prefetch_related_objects([membership], "grants")
    return membership


def _write_grants(membership: Membership, scopes: Sequence[str]) -> None:
    membership.grants.all().delete()
    pairs = [scope.split(":", 1) for scope in scopes]
    MemberGrant.objects.bulk_create(MemberGrant(membership=membership, resource=r, action=a) for r, a in pairs)


def _accept(actor: Actor, invitation: Invitation, user: User) -> Membership:
    locks.lock(invitation.project)
    row = Invitation.objects.select_related("project").get(pk=invitation.pk)
    state = row.state(timezone.now())
    if state != "open":
        raise Conflict("This invitation cannot be used any more.", state)
    _refuse_disabled(user)
    _close(row, Outcome.ACCEPTED)
    membership, made = Membership.objects.get_or_create(project=row.project, user=user, defaults={"role": row.role})
    if made:
        _write_grants(membership, rules.known_grants(row.project, row.grants))
    facts = {"role": membership.role, "member_before": not made, "grants": row.grants}
    _audit(EventType.INVITATION_ACCEPTED, actor, row.project, row, facts)
    return membership


def _close(invitation: Invitation, outcome: Outcome) -> None:
    invitation.closed_at, invitation.outcome = timezone.now(), outcome
    invitation.save(update_fields=["closed_at", "outcome"])


def _set_suspended(actor: Actor, project: Project, event: EventType, *, suspended: bool) -> Project:
    with gate.changing(project=project.id), transaction.atomic(durable=True):
        row = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if (row.suspended_at is not None) != suspended:
            row.suspended_at = timezone.now() if suspended else None
            row.save(update_fields=["suspended_at"])
            _audit(event, actor, row, row, {})
    return row


def _audit(
    event: EventType, actor: Actor, project: Project, target: Project | User | Invitation, data: Mapping[str, Any]
) -> None:
    label = target.name if isinstance(target, Project) else target.email
    audit.record(event, actor=actor, project_id=project.id, target_id=str(target.pk), target_label=label, data=data)
