"""Makes the demo project, if it is not there yet, and prints how to sign in and a first call."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from apps.audit.command import OperatorCommand
from apps.dashboard.demo import seed


class Command(OperatorCommand):
    help = "Make the demo project once, and a new key for the first call. Never in production."

    def run(self, **options: Any) -> dict[str, Any]:
        if not settings.DEMO or not settings.DEVELOPMENT:
            raise CommandError("There is no demo here: DEMO is off, or this is a production.")
        return seed.seed()
