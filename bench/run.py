"""`make bench`: starts private servers, measures, prints the tables and keeps the figures in `var/bench/`."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import load, machine, placement, prepare, stores, tables
from bench.load import Load, Site
from bench.targets import ELSEWHERE, IN_PROCESS, QUICK, Target
from tools.environment import clean_environment
from tools.places import ROOT
from tools.processes import Programs, Stopped

SECTIONS = ("process", "load", "flood", "memory", "lookup")


@dataclass(frozen=True)
class Size:
    """How much is measured. `file_rows`: keys of each kind whose secrets are known."""

    rows: int
    file_rows: int
    rounds: int
    loads: tuple[Load, ...]
    flood: Load
    memory_keys: int
    made_up: int
    few: int
    many: int


FULL = Size(
    rows=100_000,
    file_rows=50_000,
    rounds=15,
    loads=(Load(32, 1_000, 3, 3), Load(32, 50_000, 3, 3)),
    flood=Load(32, 1_000, 5, 4),
    memory_keys=10_000,
    made_up=50_000,
    few=1_000,
    many=1_000_000,
)
SMALL = Size(
    rows=5_000,
    file_rows=2_000,
    rounds=5,
    loads=(Load(32, 1_000, 1, 1),),
    flood=Load(32, 1_000, 1, 2),
    memory_keys=1_000,
    made_up=1_000,
    few=1_000,
    many=20_000,
)


def main() -> int:
    arguments = _arguments()
    try:
        with Programs() as programs, _folder() as folder:
            prepare.require_programs()
            prepare.make_venv()
            result = Run(programs, folder, arguments).all()
    except Stopped as stopped:
        print("\nThe bench was stopped.", flush=True)
        return 128 + stopped.number
    text = tables.report(result)
    print(f"\n{text}")
    print(f"\nKept as {_keep(result)}")
    if arguments.write_docs:
        tables.write_docs(text)
    return 0


class Run:
    """One run, from the empty database to the figures."""

    def __init__(self, programs: Programs, folder: Path, arguments: argparse.Namespace) -> None:
        self._programs, self._folder, self._arguments = programs, folder, arguments
        self._size = SMALL if arguments.quick else FULL
        self._keys = folder / "keys"
        self._keys.mkdir(mode=0o700)
        (folder / "static").mkdir()  # which whitenoise looks for
        self._stores = stores.start(programs, folder)

    def all(self) -> dict[str, Any]:
        began = time.monotonic()
        result: dict[str, Any] = {"machine": machine.describe(), "quick": self._arguments.quick}
        self._seed()
        for section in SECTIONS:
            if section in self._arguments.only:
                print(f"[{time.monotonic() - began:.0f} s] {section} …", flush=True)
                result |= getattr(self, f"_{section}")()
        return result | {"seconds": round(time.monotonic() - began)}

    # --- sections -----------------------------------------------------------------------------------------------

    def _process(self) -> dict[str, Any]:
        """The trivial view in one process: everything on one core first, then with Redis elsewhere."""
        targets = QUICK if self._arguments.quick else IN_PROCESS
        elsewhere = () if self._arguments.quick else ELSEWHERE
        self._stores.log_appends(False)
        found = {"process": self._in_process(targets, self._stores.redis)}
        if elsewhere:
            found["process_socket"] = self._in_process(elsewhere, self._stores.redis_socket)
            self._stores.log_appends(True)
            found["process_appends"] = self._in_process(elsewhere, self._stores.redis)
            self._stores.log_appends(False)
            self._stores.move(placement.GENERATOR)
            found["process_core"] = self._in_process(elsewhere, self._stores.redis)
            self._stores.move(placement.WORKER)
        return found

    def _load(self) -> dict[str, Any]:
        self._start_site()
        return {"load": load.measure(self._places, self._size.loads, self._keys)}

    def _flood(self) -> dict[str, Any]:
        self._start_site()
        return {"flood": load.flood(self._places, self._size.flood, self._keys)}

    def _memory(self) -> dict[str, Any]:
        return {"memory": self._python("bench.memory", self._size.memory_keys, self._size.made_up, self._keys)}

    def _lookup(self) -> dict[str, Any]:
        return {"lookup": self._python("bench.lookup", self._size.few, self._size.many)}

    # --- how ----------------------------------------------------------------------------------------------------

    def _seed(self) -> None:
        print(f"Writing {self._size.rows} keys of each kind …", flush=True)
        self._execute("bench.site.seed", self._size.rows, self._size.file_rows, self._keys)

    def _start_site(self) -> None:
        if not hasattr(self, "_places"):
            better_auth = None if self._arguments.no_better_auth else prepare.make_better_auth()
            site = Site(self._programs, self._folder, self._environment(), self._arguments.threads)
            self._places = site.start_all(better_auth, self._size.rows)

    def _in_process(self, targets: tuple[Target, ...], redis_url: str) -> Any:
        plan, out = self._folder / "plan.json", self._folder / "process.json"
        content = {"targets": [asdict(target) for target in targets], "keys": str(self._keys), "out": str(out)}
        plan.write_text(json.dumps({**content, "limit": 1_000, "block": 300, "rounds": self._size.rounds}))
        self._execute("bench.inproc", plan, REDIS_URL=redis_url)
        return json.loads(out.read_text())

    def _python(self, module: str, *arguments: object) -> Any:
        out = self._folder / f"{module}.json"
        self._execute(module, *arguments, out)
        return json.loads(out.read_text())

    def _execute(self, module: str, *arguments: object, **environment: str) -> None:
        command = [str(prepare.python()), "-m", module, *map(str, arguments)]
        with placement.on(placement.WORKER):
            done = subprocess.run(command, cwd=ROOT, env={**self._environment(), **environment}, check=False)
        if done.returncode:
            sys.exit(f"{module} ended with exit code {done.returncode}.")

    def _environment(self) -> Mapping[str, str]:
        """Nothing of the product's own settings but where the stores are."""
        plain = {name: value for name, value in clean_environment().items() if name in ("HOME", "LANG", "TERM")}
        return plain | {
            "PATH": f"{prepare.python().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "bench.site.settings",
            "DATABASE_URL": self._stores.database,
            "REDIS_URL": self._stores.redis,
            "BOLTKEYS_VAR": str(self._folder),
            "BENCH_PROGRAMS": str(prepare.python().parent),
            "BENCH_KEYS": str(self._keys),
            "BENCH_POSTGRESQL_PORT": str(self._stores.postgresql_port),
            "BENCH_REDIS_URL": self._stores.redis.rpartition("/")[0] + "/3",
        }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="boltkeys beside its peers, in one run.")
    parser.add_argument("--quick", action="store_true", help="a smoke run of two minutes; its figures mean little")
    parser.add_argument("--only", default=",".join(SECTIONS), help="some of: %(default)s")
    parser.add_argument("--threads", type=int, default=1, help="request threads of the servers (default: %(default)s)")
    parser.add_argument("--no-better-auth", action="store_true", help="leave out the peer that needs Node.js")
    parser.add_argument("--write-docs", action="store_true", help="put the tables into docs/performance.md")
    given = shlex.split(os.environ.get("ARGS", "")) or sys.argv[1:]
    found = parser.parse_args(given)
    found.only = found.only.split(",")
    if unknown := set(found.only) - set(SECTIONS):
        parser.error(f"there is no section {', '.join(sorted(unknown))}")
    return found


@contextmanager
def _folder() -> Iterator[Path]:
    """Databases, logs and secrets of this run. PostgreSQL, which is another user, must be able to pass through it."""
    path = Path(tempfile.mkdtemp(prefix="boltkeys-bench-"))
    try:
        path.chmod(0o711)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _keep(result: Mapping[str, Any]) -> Path:
    file = prepare.home() / f"{time.strftime('%Y-%m-%d-%H%M%S')}.json"
    file.write_text(json.dumps(result, indent=1))
    shutil.copy(file, prepare.home() / "latest.json")
    return file


if __name__ == "__main__":
    sys.exit(main())
