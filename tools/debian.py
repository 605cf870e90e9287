"""Debian's packages: what is missing is installed when root, else the one command to do so is printed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")
QUIET = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "a", "LC_ALL": "C.UTF-8"}


def postgresql_programs() -> Path | None:
    """The folder of `initdb` and `postgres`: Debian's newest, elsewhere that of the PATH."""
    folders = [file.parent for file in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if folders:
        return max(folders, key=lambda folder: float(folder.parent.name))
    found = None if _has_apt() else shutil.which("initdb")
    return Path(os.path.realpath(found)).parent if found else None


@dataclass(frozen=True)
class Need:
    """Something that may be missing: how it is recognised when it is there, and the packages that bring it."""

    name: str
    find: Callable[[], object]
    packages: tuple[str, ...]


def _has_venv() -> bool:
    return all(importlib.util.find_spec(module) for module in ("venv", "ensurepip"))


# Debian keeps `ensurepip`, without which a virtual environment has no pip, in a package of its own.
VENV = Need("Python's venv module", _has_venv, (f"python{sys.version_info.major}.{sys.version_info.minor}-venv",))
POSTGRESQL = Need("PostgreSQL", postgresql_programs, ("postgresql",))
REDIS = Need("Redis", lambda: _program("redis-server"), ("redis-server",))
PGBOUNCER = Need("PgBouncer", lambda: _program("pgbouncer"), ("pgbouncer",))
CHROMIUM = Need("Chromium", lambda: _program("chromium"), ("chromium", "fonts-dejavu-core"))
JAVA = Need("Java (for the Nu HTML checker)", lambda: _program("java"), ("default-jre-headless",))
# What the examples of docs/ and deploy/ are tried with.
EXAMPLES = [
    Need("curl", lambda: _program("curl"), ("curl",)),
    Need("nginx", lambda: _program("nginx"), ("nginx",)),
    Need("Caddy", lambda: _program("caddy"), ("caddy",)),
    Need("HAProxy", lambda: _program("haproxy"), ("haproxy",)),
]


def _program(name: str) -> str | None:
    """Where it is. Debian keeps servers where the PATH of most people does not lead."""
    return shutil.which(
        name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    )


def require(*needs: Need) -> None:
    """Installs those that are missing, or ends with the command that does."""
    missing = [need for need in needs if not need.find()]
    if missing:
        _install([need.name for need in missing], [package for need in missing for package in need.packages])


def _install(missing: list[str], packages: list[str]) -> None:
    names, command = ", ".join(missing), f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if not _has_apt():
        sys.exit(f"Missing: {names}. Install it and try again (Debian's packages: {' '.join(packages)}).")
    if os.geteuid() != 0:
        sys.exit(f"Missing: {names}. This installs it:\n\n    sudo {command}\n")
    print(f"Installing {names} …", flush=True)
    with _services_stay_off():
        _apt("update", required=False)  # one dead source among many is no reason to stop
        _apt(*command.split()[1:])


def _has_apt() -> bool:
    return shutil.which("apt-get") is not None


@contextmanager
def _services_stay_off() -> Iterator[None]:
    """Tests start servers of their own: the installed ones stay off. A policy that is there already rules."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    try:
        POLICY.chmod(0o755)
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def _apt(*arguments: str, required: bool = True) -> None:
    command = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3", *arguments]
    done = subprocess.run(
        command,
        env=os.environ | QUIET,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode and required:
        sys.exit(f"{done.stdout}\nThis failed with exit code {done.returncode}: {' '.join(command)}")
