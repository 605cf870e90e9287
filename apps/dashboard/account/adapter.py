"""What allauth asks of us: limits, what is recorded, where a sign-in may lead."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts import service as accounts
from apps.accounts.models import User
from apps.accounts.queries import user_with_email
from apps.audit import queries as audit
from apps.audit.events import EventType
from apps.core.client import client_ip
from apps.dashboard.access import actor_of, visitor_of
from apps.dashboard.account import waiting

KNOWN_FOR = timedelta(days=30)
"""How long an address counts as the owner's after a sign-in from it."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The e-mail address or the password is not right.",
        "enter_current_password": "This is not your present password.",
        "too_many_login_attempts": "Too many failed attempts. Wait {}, or set a new password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Only a path of this site: a sign-in never leads elsewhere, whatever hosts are allowed."""
        return bool(url) and str(url).startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request.META, settings.TRUSTED_PROXIES) or "unknown"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Failed attempts are limited per address, per account and address, and per account from unknown addresses.

        So an attacker can shut out nobody from where they have signed in before, and nobody at all for longer than
        the mail of a password reset takes.
        """
        self._account_usage = None
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            raise self._too_many(request, credentials["email"]) from None
        if self._is_known_address(request, credentials["email"]):
            return
        self._account_usage = ratelimit.consume(request, **_per_account(credentials["email"]))
        if not self._account_usage:
            raise self._too_many(request, credentials["email"])

    def seconds_left(self, request: HttpRequest, action: str) -> int:
        """How long a limit that counts addresses goes on to stop who asks."""
        return waiting.seconds_left(request, action=action)

    def _too_many(self, request: HttpRequest, email: str) -> ValidationError:
        """With the `seconds` after which an attempt counts again: until then the password is not even looked at."""
        seconds = waiting.seconds_left(request, action="login_failed", key=self._attempts_of(request, email))
        if not self._is_known_address(request, email):
            seconds = max(seconds, waiting.seconds_left(request, action="login_failed_account", key=email))
        text = self.error_messages["too_many_login_attempts"].format(waiting.spoken(seconds))
        return ValidationError(text, code="too_many_login_attempts", params={"seconds": seconds})

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None and not user.is_active:
            # A disabled account is refused like a wrong password: nobody learns that the password was right.
            self.authentication_failed(request, **credentials)
            return None
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        accounts.record_failed_sign_in(actor=visitor_of(request), email=credentials["email"])

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        accounts.record_sign_in(actor=actor_of(request, user), user=user)

    def set_password(self, user: User, password: str) -> None:
        """Called by the pages for change and for reset; who has the link of a reset acts as the user."""
        request = context.request
        accounts.set_password(actor=actor_of(request, user), user=user, password=password)
        ratelimit.clear(request, **_per_account(user.email))
        self._delete_login_attempts_cached_email(request, email=user.email)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return self._attempts_of(request, credentials["email"])

    def _attempts_of(self, request: HttpRequest, email: str) -> str:
        return f"{email} {self.get_client_ip(request)}"

    def _rollback_login_failed_rl_usage(self) -> None:
        super()._rollback_login_failed_rl_usage()
        if self._account_usage:
            self._account_usage.rollback()

    def _is_known_address(self, request: HttpRequest, email: str) -> bool:
        ip = client_ip(request.META, settings.TRUSTED_PROXIES)
        user = user_with_email(email)
        if ip is None or user is None:
            return False
        since = timezone.now() - KNOWN_FOR
        return audit.has_happened(EventType.USER_SIGNED_IN, target_id=str(user.pk), ip=ip, since=since)


def _per_account(email: str) -> dict[str, str]:
    """The arguments for allauth's limiter; the rate is in the settings."""
    return {"app": "allauth.account", "action": "login_failed_account", "key": email}
