"""Projects and the people in them: created, suspended, added, changed, removed.

Each function is one transaction with its audit event. A change that the gate must see is surrounded by
`gate.changing`: when the function returns, keys of somebody who lost a right have lost it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.events import EventType
from apps.core import grants as core_grants
from apps.core.actor import Actor
from apps.core.errors import Conflict
from apps.gate import gate
from apps.projects import catalogues, giving, locks, queries, rules, team
from apps.projects.models import (
    Environment,
    Invitation,
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
    with team.changing_rights_of(admin):
        team.refuse_disabled(admin)
        _insert_with_free_slug(project)
        Membership.objects.create(project=project, user=admin, role=Role.ADMINISTRATOR)
        facts = {"catalogue": project.catalogue, "environment": project.environment, "administrator": admin.email}
        team.audit(EventType.PROJECT_CREATED, actor, project, project, facts)
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
    with team.changing_rights_of(user):
        locks.lock_team(project, actor)
        membership = Membership.objects.select_related("project", "user").filter(project=project, user=user).first()
        if membership is None:
            return _insert_member(actor, project, user, role, scopes)
        _change(actor, membership, role, scopes)
    return membership


def change_role(*, actor: Actor, membership: Membership, role: str) -> Membership:
    """The membership with another role and the grants it had. Raises `Invalid`, `Conflict`, `Missing`, `Refused`."""
    role = rules.clean_role(role)
    with team.changing_rights_of(membership.user):
        row = locks.lock_member(membership, actor)
        _change(actor, row, role, queries.scopes_of(row))
    return row


def set_grants(*, actor: Actor, membership: Membership, grants: Iterable[str], seen: str | None = None) -> Membership:
    """The membership with these grants in place of those it had. Raises `Invalid`, `Missing`, `Refused`.

    `seen` is the `state_of` the membership on which the choice was made: when it is another by now, nothing is written
    and `Conflict` (`changed_meanwhile`) is raised.
    """
    scopes = rules.clean_grants(membership.project, grants)
    with team.changing_rights_of(membership.user):
        row = locks.lock_member(membership, actor)
        team.check_seen(seen, row)
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
    with team.changing_rights_of(membership.user):
        row = locks.lock_member(membership, actor, ask)
        role, scopes = wanted or Role(row.role), queries.scopes_of(row) if scopes is None else scopes
        if ask:
            ask().check(row.role, role, _held(row), scopes)
        _change(actor, row, role, scopes)
    return _with_grants(row)


def remove_member(*, actor: Actor, membership: Membership, ask: giving.Ask | None = None) -> None:
    """Takes somebody out: their user keys no longer reach the project. Raises `Conflict`, `Missing`, `Refused`."""
    with team.changing_rights_of(membership.user):
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


def _keep_an_administrator(membership: Membership) -> None:
    """Refuses to take the role from the last administrator who can sign in."""
    if queries.is_last_administrator(membership):
        who, where = membership.user.email, membership.project.name
        detail = f"{who} is the last administrator of {where}. Make somebody else an administrator first."
        raise Conflict(detail, "last_administrator")


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
    team.refuse_disabled(user)
    membership = Membership.objects.create(project=project, user=user, role=role)
    team.write_grants(membership, scopes)
    # An older invitation must not change the role later.
    for invitation in Invitation.objects.filter(project=project, email=user.email, closed_at=None):
        team.close(invitation, Outcome.ACCEPTED)
    facts = {"role": role, "grants": list(scopes)}
    team.audit(EventType.MEMBER_ADDED, actor, project, user, facts)
    return membership


def _change(actor: Actor, membership: Membership, role: str, scopes: Sequence[str]) -> None:
    """Writes role and grants, and one event when they differ from what was there."""
    before = {"role": membership.role, "grants": list(queries.scopes_of(membership))}
    after = {"role": str(role), "grants": sorted(scopes)}
    if before == after:
        return
    if role != Role.ADMINISTRATOR:
        _keep_an_administrator(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    team.write_grants(membership, scopes)
    facts = {"from": before, "to": after}
    team.audit(EventType.MEMBER_CHANGED, actor, membership.project, membership.user, facts)


def _remove(actor: Actor, membership: Membership) -> None:
    facts = {"role": membership.role, "grants": list(queries.scopes_of(membership))}
    membership.delete()
    team.audit(EventType.MEMBER_REMOVED, actor, membership.project, membership.user, facts)


def _held(membership: Membership) -> frozenset[str]:
    """What the membership was granted, with all that it implies."""
    return core_grants.expand(catalogues.get(membership.project.catalogue), queries.scopes_of(membership))


def _with_grants(membership: Membership) -> Membership:
    """The same, without grants that were read before they were written."""
    prefetch_related_objects([membership], "grants")
    return membership


def _set_suspended(actor: Actor, project: Project, event: EventType, *, suspended: bool) -> Project:
    with gate.changing(project=project.id), transaction.atomic(durable=True):
        row = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if (row.suspended_at is not None) != suspended:
            row.suspended_at = timezone.now() if suspended else None
            row.save(update_fields=["suspended_at"])
            team.audit(event, actor, row, row, {})
    return row
