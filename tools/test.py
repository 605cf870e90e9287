"""`make test`: lint, and the suite in both profiles, side by side, with private servers.

`ARGS` goes to pytest and leaves lint out; `PROFILE` is one of `lint`, `embedded` and `full`. `FAULTS=whole` is
`make test-faults`: the tests of faults alone, in their full size, and the figures that they found.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tools import debian, environment, servers
from tools.places import PYTHON, ROOT
from tools.processes import Program, Programs, Stopped

PROFILES = ("lint", "embedded", "full")
FAULTS = os.environ.get("FAULTS") == "whole"
LIMIT = 60 * 60 if FAULTS else 30 * 60  # seconds; a job that takes longer hangs
REPORT = "faults.txt"
SILENCE = 60  # seconds between two signs of life
# The product's variables: what the machine happens to have set must not change what is tested.
VARIABLES = {
    *("ALLOWED_HOSTS", "BASE_URL", "BOLTKEYS_CATALOGUES", "BOLTKEYS_VAR", "DATABASE_POOL", "DATABASE_URL", "DEBUG"),
    *("DEFAULT_FROM_EMAIL", "DEMO", "EMAIL_URL", "JWT_SIGNING_KEY", "LOG_LEVEL", "PORT", "REDIS_URL", "SECRET_KEY"),
    *(
        "SECRET_KEY_FALLBACKS",
        "SUPPORT_EMAIL",
        "TRUSTED_PROXIES",
        "WEBHOOK_ALLOWED_HOSTS",
        "WEBHOOK_ENCRYPTION_KEYS",
        "WEB_PROCESSES",
        "WEB_THREADS",
    ),
    *("ARGS", "FAULTS", "FAULTS_REPORT", "PROFILE", "PYTEST_ADDOPTS"),
}


@dataclass(frozen=True)
class Part:
    """What one process tries. `redis`: the number of its database, which it empties before each test."""

    name: str
    profile: str
    arguments: tuple[str, ...] = ()
    redis: int = 0


@dataclass(frozen=True)
class Job:
    """A part that runs; what it prints is in `log`."""

    program: Program
    log: Path


def main() -> int:
    parts = _asked()
    try:
        with _folder() as folder, Programs() as programs:  # the folder goes last
            debian.require(*_needs({part.profile for part in parts}))  # all at once, and first: it may need a person
            environment.prepare(tests=True)
            jobs = _start(programs, folder, parts)
            failed = _report(programs, jobs)
            _show_figures(folder)
            return failed
    except Stopped as stopped:
        print("\nThe tests were stopped.", flush=True)
        return 128 + stopped.number


def _asked() -> list[Part]:
    arguments, profile = shlex.split(os.environ.get("ARGS", "")), os.environ.get("PROFILE", "")
    if FAULTS:
        arguments, profile = arguments or ["tests/faults"], profile or "full"  # one profile: times are measured
    if profile and profile not in PROFILES:
        sys.exit(f"PROFILE is one of {', '.join(PROFILES)}; nothing runs them all.")
    profiles = (profile,) if profile else PROFILES[1:] if arguments else PROFILES
    return [part for profile in profiles for part in _parts(profile, tuple(arguments))]


def _parts(profile: str, arguments: tuple[str, ...]) -> list[Part]:
    """Those who try faults mostly wait for servers: the rest of the profile goes on meanwhile."""
    if profile != "full" or arguments:
        return [Part(profile, profile, arguments)]
    return [Part(profile, profile, ("--ignore=tests/faults",)), Part("faults", profile, ("tests/faults",), redis=1)]


def _needs(profiles: set[str]) -> list[debian.Need]:
    stores = [debian.POSTGRESQL, debian.REDIS, debian.PGBOUNCER] if "full" in profiles else []
    judges = [debian.CHROMIUM, debian.JAVA, *debian.EXAMPLES] if profiles != {"lint"} else []
    return [debian.VENV, *stores, *judges]


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder of this run alone. PostgreSQL, which is another user, must be able to pass through it."""
    path = Path(tempfile.mkdtemp(prefix="boltkeys-test-"))
    try:
        path.chmod(0o711)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _start(programs: Programs, folder: Path, parts: list[Part]) -> list[Job]:
    stores = {}
    if any(part.profile == "full" for part in parts):
        stores["DATABASE_URL"] = servers.start_postgresql(programs, folder)
        stores["REDIS_URL"] = servers.start_redis(programs, folder)
    jobs = []
    for part in parts:
        var = folder / part.name
        (var / "static").mkdir(parents=True)
        command, own = _command(part, var), _own_environment(part, var, stores)
        log = folder / f"{part.name}.log"
        with log.open("wb") as output:
            started = programs.start(
                part.name, command, environment=own, folder=ROOT, output=output, end_by=signal.SIGINT
            )
        jobs.append(Job(started, log))
    return jobs


def _command(part: Part, var: Path) -> list[str]:
    if part.profile == "lint":
        return [str(PYTHON), "-m", "tools.checks"]
    # Parts run side by side, so each has its own cache and files. A test that hangs says where, and ends the run.
    settings = {"cache_dir": var / "cache", "faulthandler_timeout": 300, "faulthandler_exit_on_timeout": "true"}
    options = [f"--override-ini={name}={value}" for name, value in settings.items()]
    return [str(PYTHON), "-m", "pytest", f"--basetemp={var / 'tmp'}", "--durations=10", *options, *part.arguments]


def _own_environment(part: Part, var: Path, stores: dict[str, str]) -> dict[str, str]:
    plain = {name: value for name, value in environment.clean_environment().items() if name not in VARIABLES}
    size = {"FAULTS": "whole", "FAULTS_REPORT": str(var / REPORT)} if FAULTS else {}
    own = {}
    if part.profile == "full":
        own = {**stores, "REDIS_URL": urlsplit(stores["REDIS_URL"])._replace(path=f"/{part.redis}").geturl()}
    return plain | {"BOLTKEYS_VAR": str(var)} | size | own


def _report(programs: Programs, jobs: list[Job]) -> int:
    """Prints each job as it ends: all of its output when it failed, else the last lines. Returns the exit code."""
    started = shown = time.monotonic()
    waiting, failed = list(jobs), []
    print(f"Running {', '.join(job.program.name for job in jobs)} …", flush=True)
    while waiting:
        programs.pause(0.2)
        now = time.monotonic()
        for job in [job for job in waiting if job.program.exit_code() is not None or now - started > LIMIT]:
            waiting.remove(job)
            shown = now
            if not _passed(job, now - started):
                failed.append(job.program.name)
        if now - shown > SILENCE:
            shown = now
            _show_progress(waiting, now - started)
    print(f"\n{'FAILED: ' + ', '.join(failed) if failed else 'All passed.'}", flush=True)
    return 1 if failed else 0


def _show_figures(folder: Path) -> None:
    for file in sorted(folder.glob(f"*/{REPORT}")):
        print(f"\n=== Figures of the profile {file.parent.name} ===\n{file.read_text()}", flush=True)


def _passed(job: Job, seconds: float) -> bool:
    code, text = job.program.exit_code(), job.log.read_text(errors="replace")
    verdict = {None: "STILL RUNNING, which is too long", 0: "passed"}.get(code, f"FAILED with exit code {code}")
    print(f"\n=== {job.program.name}: {verdict} after {seconds:.0f} s ===", flush=True)
    lines = text.splitlines()
    print("\n".join(lines if code != 0 else lines[-20:]), flush=True)
    return code == 0


def _show_progress(jobs: list[Job], seconds: float) -> None:
    for job in jobs:
        lines = job.log.read_text(errors="replace").splitlines()
        print(f"[{seconds:.0f} s] {job.program.name}: {lines[-1] if lines else '…'}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
