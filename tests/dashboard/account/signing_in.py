"""Signing in, as the tests of it do, and failing to."""

from __future__ import annotations

from django.test import Client

from apps.audit.models import Event
from tests.make import PASSWORD
from tests.pages import Answer

URL = "/accounts/login/"
WRONG = "The e-mail address or the password is not right."
TOO_MANY = "Too many failed attempts."


def sign_in(
    email: str = "alice@example.com",
    password: str = PASSWORD,
    *,
    client: Client | None = None,
    ip: str = "192.0.2.1",
    **more: str,
) -> Answer:
    data = {"login": email, "password": password, **more}
    return (client or Client()).post(URL, data, REMOTE_ADDR=ip)


def fail(times: int, email: str = "alice@example.com", ip: str = "192.0.2.1") -> None:
    for _ in range(times):
        assert TOO_MANY not in sign_in(email, "a wrong password", ip=ip).content.decode()


def events(kind: str) -> list[Event]:
    return list(Event.objects.filter(type=kind).order_by("at"))
