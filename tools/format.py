"""`make format`: ruff's formatter, and those of its fixes that change no meaning."""

from __future__ import annotations

import subprocess
import sys

from tools import environment
from tools.places import PYTHON, ROOT


def main() -> int:
    environment.prepare(tests=True)
    commands = [["check", "--fix-only", "."], ["format", "."]]
    done = [subprocess.run([PYTHON, "-m", "ruff", *command], cwd=ROOT, check=False) for command in commands]
    return max(one.returncode for one in done)


if __name__ == "__main__":
    sys.exit(main())
