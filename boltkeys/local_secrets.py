"""Secrets of a development installation: made once, kept beside the database, readable by their owner only."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path


def local_secret(folder: Path, name: str, *, make: bool) -> str:
    """The secret `name` kept in `folder`; made when `make` and there is none. "" when there is none and none is made.

    In production nothing is made: the system check `boltkeys.E001` then stops the start.
    """
    if not make:
        return ""
    path = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    try:
        # Exclusive creation: of two processes that start together, one makes it and both read the same.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(descriptor, "w") as file:
        value = secrets.token_urlsafe(48)
        file.write(value)
    return value


def _read(path: Path) -> str:
    for _ in range(100):
        if value := path.read_text().strip():
            return value
        time.sleep(0.01)  # the other process has created it and is about to write
    raise RuntimeError(f"{path} is empty. Delete it; a new secret is made at the next start.")
