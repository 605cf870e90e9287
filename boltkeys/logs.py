"""Logs: one event is one line, and no line holds a secret."""

from __future__ import annotations

import logging
import re

from apps.core.secret import redact

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Redact(logging.Filter):
    """Cuts secrets out of a record before any handler formats it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact(record.getMessage())
        record.args = ()
        return True


class BriefOnClients(logging.Filter):
    """A mistake of a client is told in one sentence: a traceback is for what is wrong here."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security") or getattr(record, "status_code", 500) < 500:
            record.exc_info = record.exc_text = None
        return True


class OneLine(logging.Formatter):
    """`2026-11-21T08:00:00Z INFO apps.usage: …`, control characters escaped (ASVS 16.4.1), traceback lines joined."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")

    def format(self, record: logging.LogRecord) -> str:
        return _CONTROL.sub(lambda match: ascii(match.group())[1:-1], redact(super().format(record)))
