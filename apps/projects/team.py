"""What changes of a team are made of. Each works inside the transaction of the caller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import service as audit_log
from apps.audit.events import EventType
from apps.core.actor import Actor
from apps.core.errors import Conflict
from apps.gate import gate
from apps.projects import queries
from apps.projects.models import Invitation, MemberGrant, Membership, Outcome, Project


@contextmanager
def changing_rights_of(user: User) -> Iterator[None]:
    with gate.changing(owner=str(user.pk)), transaction.atomic(durable=True):
        yield


def check_seen(seen: str | None, row: Membership | Invitation) -> None:
    """Refuses a choice that was made on another state than that of the row; None is made on any."""
    if seen is not None and seen != queries.state_of(row):
        raise Conflict("Somebody else has changed these permissions meanwhile.", "changed_meanwhile")


def refuse_disabled(user: User) -> None:
    """Who is disabled or deleted at this moment waits for the end of this transaction, or is seen to be."""
    if User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).first() is None:
        raise Conflict(f"The account of {user.email} is disabled.", "user_disabled")


def write_grants(membership: Membership, scopes: Sequence[str]) -> None:
    membership.grants.all().delete()
    pairs = [scope.split(":", 1) for scope in scopes]
    MemberGrant.objects.bulk_create(MemberGrant(membership=membership, resource=r, action=a) for r, a in pairs)


def close(invitation: Invitation, outcome: Outcome) -> None:
    invitation.closed_at, invitation.outcome = timezone.now(), outcome
    invitation.save(update_fields=["closed_at", "outcome"])


def audit(
    event: EventType, actor: Actor, project: Project, target: Project | User | Invitation, data: Mapping[str, Any]
) -> None:
    label = target.name if isinstance(target, Project) else target.email
    audit_log.record(event, actor=actor, project_id=project.id, target_id=str(target.pk), target_label=label, data=data)
