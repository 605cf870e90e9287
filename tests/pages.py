"""Plain functions for the tests of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.test import Client

from apps.accounts.models import User

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer
else:
    Answer = object

__all__ = ["Answer", "signed_in", "text"]


def signed_in(user: User) -> Client:
    """A browser in which the user has signed in."""
    client = Client()
    client.force_login(user)
    return client


def text(answer: Answer) -> str:
    """The page, with all white space as single blanks."""
    return " ".join(answer.content.decode().split())
