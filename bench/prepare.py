"""What a run needs: programs of the machine, a virtual environment with the peers, better-auth."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tools import debian, environment
from tools.debian import Need
from tools.places import ROOT, var

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
BETTER_AUTH = HERE / "peers" / "better_auth"
WRK = Need("wrk", lambda: shutil.which("wrk"), ("wrk",))


def home() -> Path:
    """What is kept from one run to the next, and the results."""
    return var() / "bench"


def python() -> Path:
    return home() / "venv" / "bin" / "python"


def nginx() -> str | None:
    """Debian keeps it where only root looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


NGINX = Need("nginx", nginx, ("nginx-light",))


def require_programs() -> None:
    debian.require(WRK, NGINX, debian.POSTGRESQL, debian.REDIS, debian.VENV)


def make_venv() -> None:
    """The packages of boltkeys, at its own versions, and the peers."""
    stamp = home() / "venv" / "of"
    wanted = f"{sys.version} {hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("Installing boltkeys and its peers …", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(home() / "venv")], check=True)
    install = [str(python()), "-m", "pip", "install", "-qq", "--require-hashes", "-r", str(REQUIREMENTS)]
    subprocess.run(install, env=environment.clean_environment(), check=True)
    stamp.write_text(wanted)


def make_better_auth() -> Path | None:
    """The folder from which better-auth can be started; None without Node.js and npm."""
    if not shutil.which("node") or not shutil.which("npm"):
        print("There is no Node.js with npm on this machine: better-auth is left out.", flush=True)
        return None
    folder = home() / "better_auth"
    folder.mkdir(parents=True, exist_ok=True)
    for file in BETTER_AUTH.iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    stamp, wanted = folder / "node_modules" / "of", hashlib.sha256((folder / "package-lock.json").read_bytes())
    if not stamp.exists() or stamp.read_text() != wanted.hexdigest():
        print("Installing better-auth …", flush=True)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--loglevel=error"], cwd=folder, check=True)
        stamp.write_text(wanted.hexdigest())
    return folder


def version_of_product() -> str:
    """The commit, with a `+` when the folder has changes that are in none."""
    commit = _output("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    return commit + ("+" if _output("git", "-C", str(ROOT), "status", "--porcelain") else "")


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
