"""A user is deleted: on this floor, for it knows all that a user has."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from apps.accounts import service as accounts
from apps.accounts.models import User
from apps.core.actor import Actor
from apps.gate import gate
from apps.keys import service as keys
from apps.projects import service as projects


@dataclass(frozen=True, slots=True)
class Gone:
    """Who was deleted, how many keys of theirs with them, and the slugs of the projects that they were in."""

    user_id: str
    email: str
    keys: int
    projects: list[str]


def delete_user(*, actor: Actor, user: User) -> Gone:
    """Deletes the user: keys, memberships and sign-ins end at once, everywhere, and the address is free again.

    The row stays, without a word about them, for what their keys did; the audit stays as it is. Keys of projects that
    they made outlive them. Raises `Conflict` (`last_administrator`), and then nothing has changed.
    """
    email = user.email
    with gate.changing(owner=str(user.pk)), transaction.atomic(durable=True):
        # Projects, keys, user: in the order in which all others wait for each other.
        left = projects.leave_all(actor=actor, user=user)
        ended = keys.delete_keys_of(actor=actor, owner=user)
        accounts.forget_user(actor=actor, user=user)
    return Gone(str(user.pk), email, ended, left)
