"""Where things are."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NODE = VENV / "node"  # npm from PyPI, on a machine that has none
NODE_MODULES = ROOT / "node_modules"
LOCKS = ROOT / "var"


def var() -> Path:
    """The folder of what boltkeys keeps between two starts; `BOLTKEYS_VAR` moves it."""
    return Path(os.environ.get("BOLTKEYS_VAR") or ROOT / "var").resolve()
