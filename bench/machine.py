"""On what was measured."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from pathlib import Path

from bench import placement, prepare
from tools import debian

PACKAGES = (
    *("django", "djangorestframework", "granian", "redis", "hiredis", "psycopg", "django-redis"),
    *("djangorestframework-api-key", "django-rest-knox", "djangorestframework-simplejwt"),
)
QUIET = 0.5
"""A load average above this says that somebody else is at work on the machine."""


def describe() -> dict[str, str]:
    load = os.getloadavg()[0]
    if load > QUIET:
        print(f"The machine is not quiet (load average {load:.1f}): all figures will be too high.", flush=True)
    return {
        "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "commit": prepare.version_of_product(),
        "processor": f"{_processor()}, {len(placement.CORES) or os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "load_before": f"{load:.1f}",
        "programs": ", ".join(_programs()),
        "packages": ", ".join(_packages()),
    }


def _processor() -> str:
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor()


def _programs() -> list[str]:
    postgres = debian.postgresql_programs()
    asked = {
        "Python": ["python3", "--version"],
        "PostgreSQL": [str(postgres / "postgres") if postgres else "postgres", "--version"],
        "Redis": ["redis-server", "--version"],
        "nginx": [prepare.nginx() or "nginx", "-v"],
        "Node.js": ["node", "--version"],
    }
    return [f"{name} {version}" for name, command in asked.items() if (version := _version(command))]


def _version(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    found = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else ""


def _packages() -> list[str]:
    names = "|".join(re.escape(name) for name in PACKAGES)
    pinned = re.findall(rf"^({names})==(\S+)", prepare.REQUIREMENTS.read_text(), re.MULTILINE)
    return [f"{name} {version}" for name, version in pinned]
