"""Changes the rate limit of a key at once and prints it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from apps.audit.command import OperatorCommand
from apps.core.actor import OPERATOR
from apps.keys import service
from apps.keys.queries import key_with_id
from apps.keys.shapes import key_json
from apps.usage.service import settle


class Command(OperatorCommand):
    help = "Set how many requests a key may make in any 60 seconds: 1 to 1,000,000."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key_id", metavar="KEY_ID")
        parser.add_argument("limit", metavar="N", type=int)

    def run(self, **options: Any) -> dict[str, Any]:
        key = service.set_rate_limit(actor=OPERATOR, key=key_with_id(options["key_id"]), limit=options["limit"])
        settle()
        return key_json(key)
