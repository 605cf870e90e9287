"""Revokes a key at once and prints it."""

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
    help = "Revoke an API key. It is refused everywhere when this command returns, and cannot be brought back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key_id", metavar="KEY_ID")
        parser.add_argument("--reason", required=True, metavar="TEXT")

    def run(self, **options: Any) -> dict[str, Any]:
        key = service.revoke_key(actor=OPERATOR, key=key_with_id(options["key_id"]), reason=options["reason"])
        settle()
        return key_json(key)
