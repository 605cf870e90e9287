"""Signing in by the API, for tests that do."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from apps.accounts import tokens
from apps.accounts.models import User
from tests import make
from tests.api.call import call, data
from tests.make import PASSWORD


def sign_in(user: User | str, password: str = PASSWORD) -> HttpResponse:
    email = user if isinstance(user, str) else user.email
    return call("POST", "/v1/auth/login", body={"email": email, "password": password})


def tokens_of(user: User) -> dict[str, Any]:
    """The answer to a sign-in that went well."""
    answer: dict[str, Any] = data(sign_in(user))
    return answer


def access_of(user: User) -> str:
    """An access token, past the sign-in: a good hash is slow."""
    return tokens.sign_in(actor=make.TESTER, user=user).access


def refresh(token: str) -> HttpResponse:
    return call("POST", "/v1/auth/refresh", body={"refresh_token": token})


def logout(token: str, **more: Any) -> HttpResponse:
    return call("POST", "/v1/auth/logout", body={"refresh_token": token, **more})
