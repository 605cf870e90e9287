"""Signing in by the API: a pair of tokens, and how it is prolonged and ended.

A sign-in is a family of tokens. Its access tokens are good for minutes, its refresh tokens are used once each. The
family ends by signing out, and when a refresh token comes a second time: then two hold it, and nobody can say which of
them is the owner. So of simultaneous uses one is answered, and the others end what it was given. That is strict: a
client whose answer was lost has to sign in again (RFC 9700 §4.14.2).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts import access
from apps.accounts.access import Claims, Rejected
from apps.accounts.models import FAMILY_LIFE, RefreshToken, TokenFamily, User
from apps.audit import service as audit
from apps.audit.events import EventType
from apps.core.actor import Actor
from apps.core.ids import random_text

REFRESH_LIFE = timedelta(days=7)
PREFIX = "rt_"
LENGTH = 43
"""Base62 characters: 256 bits, so that a fast digest is enough (ASVS 6.5.2)."""

_SHAPE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{LENGTH}}}", re.ASCII)
_AGAIN = "Sign in again by /v1/auth/login."


@dataclass(frozen=True, slots=True)
class Tokens:
    """The pair as a client gets it, once. `expires_in`: seconds that the access token is good for."""

    access: str
    refresh: str
    expires_in: int

    def __repr__(self) -> str:
        return "Tokens()"


def sign_in(*, actor: Actor, user: User) -> Tokens:
    """A new family, for a user whose password was right. Raises `Rejected` when they were disabled or deleted since."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        if not User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).exists():
            raise Rejected(f"The account is not there any more. {_AGAIN}", "revoked")
        family = TokenFamily.objects.create(user=user, fingerprint=user.fingerprint, started_at=now)
        tokens = _issue(family, now)
        _audit(EventType.USER_SIGNED_IN, actor, user, family)
    return tokens


def refresh(*, actor: Actor, presented: str) -> Tokens:
    """The next pair; the presented refresh token is used up.

    Raises `Rejected`. A token that has been used before ends its family, which is recorded as `user.token_reused`.
    """
    now = timezone.now()
    with transaction.atomic(durable=True):
        family, token = _locked(presented)
        fault = _fault(family, token, now)
        if fault is None:
            token.used_at = now
            token.save(update_fields=["used_at"])
            return _issue(family, now)
        if token.used_at and not family.ended_at:
            _end(family, now)
            _audit(EventType.USER_TOKEN_REUSED, actor, family.user, family)
    raise fault


def sign_out(*, actor: Actor, presented: str) -> None:
    """Ends the family of the refresh token, its access tokens included. One that is not known changes nothing."""
    with transaction.atomic(durable=True):
        try:
            family, _ = _locked(presented)
        except Rejected:
            return
        if not family.ended_at:
            _end(family, timezone.now())
            _audit(EventType.USER_SIGNED_OUT, actor, family.user, family)


def sign_out_everywhere(*, actor: Actor, presented: str) -> None:
    """Ends all that the owner of the refresh token is signed in to, pages included. Raises `Rejected`."""
    with transaction.atomic(durable=True):
        family, token = _locked(presented)
        fault = _fault(family, token, timezone.now())
        if fault is not None:
            raise fault
        end_all(family.user)
        _audit(EventType.USER_SESSIONS_ENDED, actor, family.user, family)


def end_all(user: User) -> None:
    """Ends all sessions and token families of the user, inside the caller's transaction."""
    User.objects.filter(pk=user.pk).update(epoch=F("epoch") + 1)


def user_of(token: str) -> User:
    """The user whom an access token speaks for at this moment. Raises `Rejected`."""
    claims = access.read(token)
    family = TokenFamily.objects.select_related("user").filter(pk=claims.family, user_id=claims.user).first()
    if family is None or _has_ended(family):
        raise Rejected(f"What this access token came from has ended. {_AGAIN}", "revoked")
    return family.user


def prune(now: datetime) -> None:
    """Forgets tokens whose time is over, and families that cannot be prolonged any more."""
    RefreshToken.objects.filter(expires_at__lt=now).delete()
    TokenFamily.objects.filter(started_at__lt=now - FAMILY_LIFE).delete()


def _locked(presented: str) -> tuple[TokenFamily, RefreshToken]:
    """The token and its family, which nobody else changes until the transaction ends. Raises `Rejected`."""
    if not _SHAPE.fullmatch(presented):
        raise Rejected(f"This is no refresh token. {_AGAIN}")
    found = RefreshToken.objects.filter(digest=_digest(presented)).values_list("id", "family_id").first()
    family = TokenFamily.objects.select_for_update(no_key=True).filter(pk=found[1]).first() if found else None
    # Read after the lock was taken, so that what another request did to it meanwhile is seen.
    token = RefreshToken.objects.filter(pk=found[0]).first() if found and family else None
    if family is None or token is None:
        raise Rejected(f"There is no such refresh token. {_AGAIN}", "unknown")
    return family, token


def _fault(family: TokenFamily, token: RefreshToken, now: datetime) -> Rejected | None:
    if _has_ended(family):
        return Rejected(f"What this refresh token came from has ended. {_AGAIN}", "revoked")
    if token.used_at:
        return Rejected(f"This refresh token was used before: all that came from it has ended. {_AGAIN}", "revoked")
    if token.expires_at <= now:
        return Rejected(f"The refresh token has expired. {_AGAIN}", "expired")
    return None


def _has_ended(family: TokenFamily) -> bool:
    user = family.user
    return bool(family.ended_at) or not user.is_active or bytes(family.fingerprint) != user.fingerprint


def _end(family: TokenFamily, now: datetime) -> None:
    family.ended_at = now
    family.save(update_fields=["ended_at"])


def _issue(family: TokenFamily, now: datetime) -> Tokens:
    refresh = PREFIX + random_text(LENGTH)
    expires_at = min(now + REFRESH_LIFE, family.started_at + FAMILY_LIFE)
    RefreshToken.objects.create(family=family, digest=_digest(refresh), expires_at=expires_at)
    token = access.issue(Claims(str(family.user_id), family.pk), now)
    return Tokens(token, refresh, int(access.LIFE.total_seconds()))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("ascii")).digest()


def _audit(event: EventType, actor: Actor, user: User, family: TokenFamily) -> None:
    audit.record(event, actor=actor, target_id=str(user.pk), target_label=user.email, data={"tokens": family.pk})
