"""Makes all processes read every key from the database again and prints how many Redis held."""

from __future__ import annotations

from typing import Any

from apps.audit.command import OperatorCommand
from apps.gate import gate


class Command(OperatorCommand):
    help = "Read all keys from the database again: after rows were changed by SQL, or a backup was restored."

    def run(self, **options: Any) -> dict[str, Any]:
        return {"forgotten": gate.forget_all()}
