"""/v1/auth: a person signs in by the API, prolongs that, and signs out.

Failed attempts count together with those on the sign-in page, by the same limits (`ACCOUNT_RATE_LIMITS`): there is no
second way to guess a password.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import rules, tokens
from apps.accounts.access import Rejected
from apps.accounts.models import User
from apps.accounts.passwords import PASSWORD_MAX
from apps.accounts.tokens import Tokens
from apps.api import body
from apps.api.declared import PUBLIC
from apps.api.idempotency import repeatable
from apps.api.problems import CHALLENGE, Problem
from apps.api.users import rejected
from apps.api.views import ApiView, answer
from apps.core.actor import Actor
from apps.core.client import client_ip
from apps.core.errors import Invalid


class AuthView(ApiView):
    resource = PUBLIC

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(rejected(exc) if isinstance(exc, Rejected) else exc)


class Login(AuthView):
    @repeatable
    def post(self, request: Request) -> Response:
        sent = body.read(request, {"email": "text", "password": "text"}, required=("email", "password"))
        user = _user(request, sent.get("email"), sent.get("password"))
        made = tokens.sign_in(actor=_actor(request, user), user=user)
        return answer(request, _json(made), ignored=sent.ignored)


class Refresh(AuthView):
    @repeatable
    def post(self, request: Request) -> Response:
        sent = body.read(request, {"refresh_token": "text"}, required=("refresh_token",))
        made = tokens.refresh(actor=_actor(request), presented=sent.get("refresh_token"))
        return answer(request, _json(made), ignored=sent.ignored)


class Logout(AuthView):
    @repeatable
    def post(self, request: Request) -> Response:
        kinds = {"refresh_token": "text", "everywhere": "flag"}
        sent = body.read(request, kinds, required=("refresh_token",))
        end = tokens.sign_out_everywhere if sent.get("everywhere") else tokens.sign_out
        end(actor=_actor(request), presented=sent.get("refresh_token"))
        return Response(status=204)


def _user(request: Request, email: str, password: str) -> User:
    """Who has this address and password. An unknown address takes as long, and is answered, as a wrong password."""
    if not ratelimit.consume(request._request, app="allauth.account", action="login"):
        raise _too_many(get_adapter(request._request).seconds_left(request._request, "login"))
    try:
        address = rules.clean_email(email)
    except Invalid:
        raise _failed() from None  # nobody has it, whatever it is
    if len(password) > PASSWORD_MAX:
        raise _failed()
    try:
        user = get_adapter(request._request).authenticate(request._request, email=address, password=password)
    except ValidationError as limited:
        raise _too_many((limited.params or {}).get("seconds", 60)) from None
    if not isinstance(user, User):
        raise _failed()
    return user


def _failed() -> Problem:
    detail = "The e-mail address or the password is not right."
    return Problem("sign_in_failed", detail, {"WWW-Authenticate": CHALLENGE})


def _too_many(seconds: int) -> Problem:
    detail = f"Too many attempts. Wait {seconds} seconds, or set a new password on the sign-in page."
    return Problem("rate_limited", detail, {"Retry-After": str(seconds)}, {"retry_after": seconds})


def _actor(request: Request, user: User | None = None) -> Actor:
    ip = client_ip(request.META, settings.TRUSTED_PROXIES)
    request_id = request.META.get("boltkeys.request_id")
    if user is None:
        return Actor("system", "visitor", "holder of a refresh token", ip, request_id)
    return Actor("user", str(user.pk), user.email, ip, request_id)


def _json(made: Tokens) -> dict[str, Any]:
    return {
        "access_token": made.access,
        "refresh_token": made.refresh,
        "token_type": "Bearer",
        "expires_in": made.expires_in,
    }
