"""Mail: plain text, sent by the worker, tried again while the mail server is away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.core.mail import EmailMessage

RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
"""How long to wait after each failure; after the last one the task fails and its row says why."""


def send(*, to: str, subject: str, body: str) -> None:
    """Sends one message. Raises `OSError` when the mail server cannot take it."""
    EmailMessage(subject=subject, body=body, to=[to]).send()


def send_or_retry(*, to: str, subject: str, body: str, attempt: int, again: Callable[[timedelta, int], object]) -> bool:
    """Whether the message was sent. If not, `again(wait, next attempt)` has been called to queue another attempt."""
    try:
        send(to=to, subject=subject, body=body)
    except OSError:
        if attempt >= len(RETRY_AFTER):
            raise
        again(RETRY_AFTER[attempt], attempt + 1)
        return False
    return True
