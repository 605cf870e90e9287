"""`make run`: prepares everything once, serves the web and the worker, and ends both together."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools import configuration, environment
from tools.configuration import Configuration
from tools.places import NODE_MODULES, PYTHON, ROOT, var
from tools.processes import Program, Programs, Stopped

PATIENCE = 60.0  # seconds for the web to answer
STATIC_STAMP = "static.stamp"


def main() -> int:
    wanted = configuration.read(os.environ)
    configuration.require_free_port(wanted.port)
    try:
        with Programs() as programs:
            return _serve(programs, wanted)
    except Stopped:
        print("\nboltkeys has ended.", flush=True)
        return 0


def _serve(programs: Programs, wanted: Configuration) -> int:
    environment.prepare(tests=False)
    configuration.require_stores(os.environ)
    with _alone(wanted):
        demo = _prepare_site()
        running = [_start_web(programs, wanted), _start_worker(programs)]
        ended = _first_ended(running, wanted)
        if ended is None:
            print(_welcome(wanted, demo), flush=True)
        while ended is None:
            programs.pause(0.2)
            ended = _any_ended(running)
    print(f"\n{ended.name} has ended with exit code {ended.exit_code()}; ending the rest.", file=sys.stderr)
    return 1


def _prepare_site() -> dict[str, Any] | None:
    """Returns what the demo says of itself; None without a demo."""
    digest, stamp = _static_digest(), var() / STATIC_STAMP
    fresh = stamp.exists() and stamp.read_text() == digest and (var() / "static").is_dir()
    print("Bringing the database up to date …" if fresh else "Preparing database and static files …", flush=True)
    command = [str(PYTHON), "-m", "tools.prepare_site", *([] if fresh else ["--static"])]
    done = subprocess.run(
        command, cwd=ROOT, env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        sys.exit(f"boltkeys cannot start (exit code {done.returncode}).")
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest)
    demo: dict[str, Any] | None = json.loads(done.stdout.splitlines()[-1])["demo"]
    return demo


def _start_web(programs: Programs, wanted: Configuration) -> Program:
    options = {
        "--interface": "wsgi",
        "--host": "127.0.0.1",
        "--port": wanted.port,
        "--workers": wanted.processes,
        "--blocking-threads": wanted.threads,
        "--workers-kill-timeout": 5,
        "--log-level": "error",
    }
    flags = [str(part) for option in options.items() for part in option]
    command = [str(PYTHON), "-m", "granian", *flags, "--no-ws", "--respawn-failed-workers", "boltkeys.wsgi:application"]
    return programs.start("The web", command, environment=_environment(), folder=ROOT)


def _start_worker(programs: Programs) -> Program:
    command = [str(PYTHON), "manage.py", "run_worker"]
    return programs.start("The worker", command, environment=_environment(), folder=ROOT)


def _first_ended(running: list[Program], wanted: Configuration) -> Program | None:
    """Waits until the web answers; returns the program that ended meanwhile, if one did."""
    deadline = time.monotonic() + PATIENCE
    while not (ended := _any_ended(running)):
        if _answers(f"{wanted.address}/healthz"):
            return None
        if time.monotonic() > deadline:
            sys.exit(f"The web does not answer on {wanted.address}.")
        time.sleep(0.1)
    return ended


def _any_ended(running: list[Program]) -> Program | None:
    return next((program for program in running if program.exit_code() is not None), None)


def _answers(address: str) -> bool:
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        straight.open(address, timeout=5).close()
    except urllib.error.HTTPError as refusal:
        return refusal.code < 500  # another host name than the allowed ones: it answers all the same
    except OSError:
        return False
    return True


def _welcome(wanted: Configuration, demo: dict[str, Any] | None) -> str:
    lines = ["", f"boltkeys is ready: {wanted.address}", ""]
    if demo:
        lines += [f"  E-mail     {demo['email']}", f"  Password   {demo['password']}", "", f"  {demo['curl']}"]
    else:
        lines += ["  The first project, and its administrator:"]
        lines += ["  .venv/bin/python manage.py create_project --name NAME --catalogue boltcall --admin EMAIL"]
    return "\n".join([*lines, "", "Ctrl-C ends it.", ""])


@contextmanager
def _alone(wanted: Configuration) -> Iterator[None]:
    """Without Redis one process serves: limits are kept in its memory. A second one would have its own."""
    if not wanted.embedded:
        yield
        return
    var().mkdir(parents=True, exist_ok=True)
    with (var() / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("boltkeys runs from this folder already. Only with REDIS_URL can it run more than once.")
        yield


def _environment() -> dict[str, str]:
    return environment.clean_environment()


def _static_digest() -> str:
    """Changes with each file of ours that browsers are sent, and with the packages that bring the others."""
    digest = hashlib.sha256()
    for file in sorted(_static_sources()):
        digest.update(f"{file}\0{file.stat().st_mtime_ns}\0{file.stat().st_size}\n".encode())
    return digest.hexdigest()


def _static_sources() -> list[Path]:
    inputs = [ROOT / "requirements.txt", ROOT / "boltkeys" / "settings.py", NODE_MODULES / environment.STAMP]
    folders = [ROOT / "static", *(ROOT / "apps").glob("*/static")]
    return inputs + [file for folder in folders for file in folder.rglob("*") if file.is_file()]


if __name__ == "__main__":
    sys.exit(main())
