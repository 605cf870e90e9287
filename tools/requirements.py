"""`make requirements`: compiles each `*.in` to a `*.txt` with the newest releases and their hashes, by uv."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tools.places import ROOT

# The second and the last take their versions from the first.
FILES = ("requirements", "requirements-dev", "requirements-node", "bench/requirements")
OPTIONS = [
    "--upgrade",
    "--universal",
    "--generate-hashes",
    "--python-version",
    "3.11",
    "--no-emit-index-url",
    "--quiet",
]


def main() -> None:
    if not shutil.which("uv"):
        sys.exit("uv is missing: pipx install uv")
    environment = os.environ | {"UV_CUSTOM_COMPILE_COMMAND": "make requirements"}
    for name in FILES:
        command = ["uv", "pip", "compile", *OPTIONS, f"{name}.in", "-o", f"{name}.txt"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)


if __name__ == "__main__":
    main()
