"""Migrations are safe on a live table: squawk finds nothing in the SQL that PostgreSQL would be sent."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parent.parent
MIGRATIONS = sorted((ROOT / "apps").glob("*/migrations/0*.py"))


@pytest.mark.django_db
@pytest.mark.parametrize("migration", MIGRATIONS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_squawk_finds_nothing(migration: Path) -> None:
    sql = io.StringIO()
    call_command("sqlmigrate", migration.parts[-3], migration.stem, stdout=sql)
    squawk = [str(Path(sys.executable).parent / "squawk"), "--stdin-filepath", migration.name, "--pg-version=15"]
    found = subprocess.run(squawk, cwd=ROOT, input=sql.getvalue(), capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
