"""Makes changes as the product makes them, in a process of its own, and notes when each was answered.

Run as a program, `python -m tests.faults.changes`, in the environment of the site.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any

from tests.faults.site import Site
from tests.server import ROOT


@dataclass(frozen=True)
class Done:
    """`began` and `ended`: nanoseconds of the machine's monotonic clock. `error`: "" or what was raised.

    `later`: the answer says that the change does not hold everywhere yet.
    """

    began: int
    ended: int
    result: Any
    error: str
    later: bool

    @property
    def seconds(self) -> float:
        return (self.ended - self.began) / 1e9


class Changes:
    """One after the other; a test that wants two at once has two of these."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self._lock = process, Lock()

    def try_to(self, what: str, **how: Any) -> Done:
        with self._lock:
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.write(json.dumps([what, how]) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        assert line, "The process that makes changes has ended."
        return Done(**json.loads(line))

    def make(self, what: str, **how: Any) -> Done:
        done = self.try_to(what, **how)
        assert not done.error, done.error
        return done

    def keys(self, number: int, **how: Any) -> dict[str, str]:
        """New keys, ID → secret, that may ask as often as they like unless told otherwise."""
        made: dict[str, str] = self.make("keys", number=number, **how).result
        return made


@contextmanager
def changing(site: Site, **environ: str) -> Iterator[Changes]:
    """`environ`: what is different for this process."""
    with (site.folder / "changes.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.changes"],
            cwd=ROOT,
            env={**site.environ, **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield Changes(process)
    finally:
        process.kill()
        process.wait()


# --- in the process that makes them ---------------------------------------------------------------------------------


def _actions() -> dict[str, Callable[..., Any]]:
    """Imported late: Django has to be set up for it."""
    from tests.faults import actions  # noqa: PLC0415

    return {
        name: action for name, action in vars(actions).items() if getattr(action, "__module__", "") == actions.__name__
    }


def main() -> None:
    import django  # noqa: PLC0415  (the test that imports this module has its own)

    django.setup(set_prefix=False)
    from django.db import close_old_connections  # noqa: PLC0415

    from apps.gate import gate  # noqa: PLC0415

    actions = _actions()
    for line in sys.stdin:
        what, how = json.loads(line)
        result, error = None, ""
        close_old_connections()  # as at the start of a request: one that has died is replaced
        began = time.monotonic_ns()
        try:
            result = actions[what](**how)
        except Exception as raised:  # noqa: BLE001  (the test judges it)
            error = f"{type(raised).__name__}: {raised}"
        ended = time.monotonic_ns()
        done = Done(began, ended, result, error, gate.holds_later())
        print(json.dumps(asdict(done)), flush=True)  # noqa: T201  (to the test that has started this)


if __name__ == "__main__":
    main()
