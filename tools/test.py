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
class Job:
    """A profile that runs; what it prints is in `log`."""

    program: Program
    log: Path


def main() -> int:
    arguments, profiles = _asked()
    try:
        with _folder() as folder, Programs() as programs:  # the folder goes last
            debian.require(*_needs(profiles))  # all at once, and first: it may need a person
            environment.prepare(tests=True)
            jobs = _start(programs, folder, profiles, arguments)
            failed = _report(programs, jobs)
            _show_figures(folder)
            return failed
    except Stopped as stopped:
        print("\nThe tests were stopped.", flush=True)
        return 128 + stopped.number


def _asked() -> tuple[list[str], tuple[str, ...]]:
    arguments, profile = shlex.split(os.environ.get("ARGS", "")), os.environ.get("PROFILE", "")
    if FAULTS:
        arguments, profile = arguments or ["tests/faults"], profile or "full"  # one profile: times are measured
    if profile and profile not in PROFILES:
        sys.exit(f"PROFILE is one of {', '.join(PROFILES)}; nothing runs them all.")
    if profile:
        return arguments, (profile,)
    return arguments, PROFILES[1:] if arguments else PROFILES


def _needs(profiles: tuple[str, ...]) -> list[debian.Need]:
    stores = [debian.POSTGRESQL, debian.REDIS, debian.PGBOUNCER] if "full" in profiles else []
    judges = [debian.CHROMIUM, debian.JAVA, *debian.EXAMPLES] if profiles != ("lint",) else []
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


def _start(programs: Programs, folder: Path, profiles: tuple[str, ...], arguments: list[str]) -> list[Job]:
    stores = {}
    if "full" in profiles:
        stores["DATABASE_URL"] = servers.start_postgresql(programs, folder)
        stores["REDIS_URL"] = servers.start_redis(programs, folder)
    jobs = []
    for profile in profiles:
        var = folder / profile
        (var / "static").mkdir(parents=True)
        command, own = _command(profile, var, arguments), _own_environment(profile, var, stores)
        log = folder / f"{profile}.log"
        with log.open("wb") as output:
            started = programs.start(
                profile, command, environment=own, folder=ROOT, output=output, end_by=signal.SIGINT
            )
        jobs.append(Job(started, log))
    return jobs


def _command(profile: str, var: Path, arguments: list[str]) -> list[str]:
    if profile == "lint":
        return [str(PYTHON), "-m", "tools.checks"]
    # Profiles run side by side, so each has its own cache and files. A test that hangs says where, and ends the run.
    settings = {"cache_dir": var / "cache", "faulthandler_timeout": 300, "faulthandler_exit_on_timeout": "true"}
    options = [f"--override-ini={name}={value}" for name, value in settings.items()]
    return [str(PYTHON), "-m", "pytest", f"--basetemp={var / 'tmp'}", "--durations=10", *options, *arguments]


def _own_environment(profile: str, var: Path, stores: dict[str, str]) -> dict[str, str]:
    plain = {name: value for name, value in environment.clean_environment().items() if name not in VARIABLES}
    size = {"FAULTS": "whole", "FAULTS_REPORT": str(var / REPORT)} if FAULTS else {}
    return plain | {"BOLTKEYS_VAR": str(var)} | size | (stores if profile == "full" else {})


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
