"""Brings database, static files and demo up to date, in one process of `.venv`, and prints what the demo says.

`python -m tools.prepare_site [--static]`; `--static` also collects the static files.
"""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, SystemCheckError
from django.db import OperationalError


def main(arguments: list[str]) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "boltkeys.settings"
    try:
        django.setup()
        call_command("migrate", interactive=False, verbosity=0)  # runs the system checks first
        if "--static" in arguments:
            call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        print(json.dumps({"demo": _demo() if settings.DEMO else None}))
    except (SystemCheckError, CommandError) as error:
        sys.exit(str(error))
    except OperationalError as error:
        sys.exit(f"The database refuses: {error}")


def _demo() -> Any:
    printed = io.StringIO()
    call_command("seed_demo", stdout=printed)
    return json.loads(printed.getvalue())


if __name__ == "__main__":
    main(sys.argv[1:])
