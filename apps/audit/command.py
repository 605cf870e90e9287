"""What the operators' commands share: one JSON object on stdout, faults in words on stderr with a non-zero exit."""

from __future__ import annotations

import json
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import BoltkeysError


class OperatorCommand(BaseCommand):
    """A command whose `run` returns the object to print. A rule that is broken becomes a message."""

    requires_migrations_checks = True

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            answer = self.run(**options)
        except BoltkeysError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(json.dumps(answer, ensure_ascii=False))

    def run(self, **options: Any) -> dict[str, Any]:
        raise NotImplementedError


def password_from(variable: str | None) -> str | None:
    """The password in the environment variable of that name: a command line is seen by every process."""
    if variable is None:
        return None
    password = os.environ.get(variable)
    if not password:
        raise CommandError(f"The environment variable {variable} holds no password.")
    return password
