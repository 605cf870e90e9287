"""People: made, disabled, enabled, forgotten, their passwords and what is recorded of their sign-ins."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts import rules, tasks, tokens
from apps.accounts.models import User
from apps.accounts.queries import user_with_email
from apps.audit import service as audit
from apps.audit.events import EventType
from apps.core import text
from apps.core.actor import Actor
from apps.core.errors import Conflict
from apps.gate import gate

DELETED_NAME = "Deleted user"
DELETED_HOST = "deleted.invalid"
"""Where nobody has a mailbox, ever (RFC 2606 §2)."""


def create_user(*, actor: Actor, email: str, password: str | None = None, name: str = "") -> User:
    """A new user. Without a password they set one by “Forgot your password?”.

    Raises `Invalid`, and `Conflict` (`email_taken`).
    """
    user = new_user(email=email, password=password, name=name)
    with transaction.atomic(durable=True):
        insert_user(actor=actor, user=user)
    return user


def find_or_create_user(*, actor: Actor, email: str, password: str | None = None) -> tuple[User, bool]:
    """The user with this address and whether they are new. The password of one who is there stays as it is."""
    user = user_with_email(rules.clean_email(email))
    if user is not None:
        return user, False
    return create_user(actor=actor, email=email, password=password), True


def new_user(*, email: str, password: str | None = None, name: str = "") -> User:
    """A clean user that is not stored yet: hashing takes long, and is done before the transaction. Raises `Invalid`."""
    user = User(email=rules.clean_email(email), name=text.clean_name(name) if name else "")
    if password is not None:
        rules.clean_password(password, user=user)
    user.set_password(password)
    return user


def insert_user(*, actor: Actor, user: User) -> User:
    """Stores a `new_user` inside the caller's transaction. Raises `Conflict` (`email_taken`)."""
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(f"{user.email} has an account already.", "email_taken") from error
    _audit(EventType.USER_CREATED, actor, user)
    return user


def set_password(*, actor: Actor, user: User, password: str) -> User:
    """The user with another password. All other sessions end, and a mail tells the owner. Raises `Invalid`."""
    encoded = make_password(rules.clean_password(password, user=user))
    with transaction.atomic(durable=True):
        User.objects.filter(pk=user.pk).update(password=encoded)
        _audit(EventType.USER_PASSWORD_CHANGED, actor, user)
        tasks.send_password_changed.enqueue(user.email)
    user.password = encoded
    return user


def request_password_reset(*, email: str) -> None:
    """Queues the mail with the link. Does the same for an address without an account, which gets no mail."""
    tasks.send_password_reset.enqueue(rules.clean_email(email))


def disable_user(*, actor: Actor, user: User) -> User:
    """The user, signed out everywhere, with all their user keys refused at once. Disabling twice changes nothing."""
    return _set_active(actor, user, EventType.USER_DISABLED, active=False)


def enable_user(*, actor: Actor, user: User) -> User:
    """The user, who may sign in again and whose keys work again. Nobody who was deleted."""
    return _set_active(actor, user, EventType.USER_ENABLED, active=True)


def _set_active(actor: Actor, user: User, event: EventType, *, active: bool) -> User:
    with gate.changing(owner=str(user.pk)), transaction.atomic(durable=True):
        if User.objects.filter(pk=user.pk, deleted_at=None, is_active=not active).update(is_active=active):
            tokens.end_all(user)
            _audit(event, actor, user)
    user.is_active = active
    return user


def forget_user(*, actor: Actor, user: User) -> None:
    """Takes all that says who the user was out of their row, inside the caller's transaction: the address is free.

    They are signed out everywhere, and nothing signs them in again. The audit keeps the address, as it does everywhere.
    To be called by `apps.keys.users.delete_user`, which ends what floors above this one know of.
    """
    _audit(EventType.USER_DELETED, actor, user)
    tokens.end_all(user)
    user.email, user.name, user.password = f"{user.pk}@{DELETED_HOST}", DELETED_NAME, make_password(None)
    user.is_active = user.is_staff = user.is_superuser = False
    user.deleted_at = timezone.now()
    user.save(update_fields=["email", "name", "password", "is_active", "is_staff", "is_superuser", "deleted_at"])
    user.groups.clear()
    user.user_permissions.clear()
    EmailAddress.objects.filter(user=user).delete()


def end_sessions(*, actor: Actor, user: User) -> None:
    """Signs the user out of everything: sessions of pages on every device, and all tokens of the API."""
    with transaction.atomic(durable=True):
        tokens.end_all(user)
        _audit(EventType.USER_SESSIONS_ENDED, actor, user)


def record_sign_in(*, actor: Actor, user: User) -> None:
    """Somebody signed in."""
    with transaction.atomic(durable=True):
        _audit(EventType.USER_SIGNED_IN, actor, user)


def record_failed_sign_in(*, actor: Actor, email: str) -> None:
    """Somebody could not sign in as `email`, which may belong to nobody. `actor` says from where."""
    with transaction.atomic(durable=True):
        user = user_with_email(email)
        target = str(user.pk) if user else ""
        audit.record(EventType.USER_SIGN_IN_FAILED, actor=actor, target_id=target, target_label=email)


def _audit(event: EventType, actor: Actor, user: User) -> None:
    audit.record(event, actor=actor, target_id=str(user.pk), target_label=user.email)
