"""What `make lint` runs: style, types, migrations, the settings of a production, known traps."""

from __future__ import annotations

import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.environment import clean_environment
from tools.places import PYTHON, ROOT

SOURCES = ["apps", "boltkeys", "tools", "tests", "bench"]
CHECKS: dict[str, list[str]] = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy", *SOURCES],
    "migrations": ["manage.py", "makemigrations", "--check", "--dry-run"],
    "production settings": ["manage.py", "check", "--deploy", "--fail-level", "WARNING"],
    "bandit": ["-m", "bandit", "--quiet", "--recursive", "--configfile", "pyproject.toml", "apps", "boltkeys"],
}


def run(environment: dict[str, str]) -> int:
    """Runs all checks and prints what they find. The number of those that fail."""
    return sum(not _passes(name, environment) for name in CHECKS)


def production(var: Path) -> dict[str, str]:
    """The environment of a production, so that `check --deploy` sees what an operator would be told."""
    return {
        "BOLTKEYS_VAR": str(var),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "JWT_SIGNING_KEY": secrets.token_urlsafe(48),
        "DEBUG": "false",
        "ALLOWED_HOSTS": "keys.example.com",
        "BASE_URL": "https://keys.example.com",
        "SUPPORT_EMAIL": "support@example.com",
    }


def _passes(name: str, environment: dict[str, str]) -> bool:
    started = time.monotonic()
    done = subprocess.run([str(PYTHON), *CHECKS[name]], cwd=ROOT, env=environment, check=False)
    print(f"{'ok' if done.returncode == 0 else 'FAILED'}: {name} ({time.monotonic() - started:.0f} s)", flush=True)
    return done.returncode == 0


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="boltkeys-lint-") as var:
        return min(run(clean_environment() | production(Path(var))), 1)


if __name__ == "__main__":
    sys.exit(main())
