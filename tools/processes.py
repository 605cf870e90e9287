"""Starts programs, and ends all that they started, whatever happens.

Each program leads a session of its own, so that Ctrl-C reaches this process alone, which then ends them in order.
On Linux, this process also adopts what they leave behind, and they are told to end when this process is killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

PATIENCE = 15.0  # seconds that a program has to end by itself
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LINUX = sys.platform.startswith("linux")
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody has asked for the end: Ctrl-C, SIGTERM or a closed terminal."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@dataclass(frozen=True)
class Program:
    """One that was started. `end_by` is the signal that it takes for a quick and orderly end."""

    name: str
    process: subprocess.Popen[bytes]
    end_by: signal.Signals
    started: float

    def exit_code(self) -> int | None:
        return self.process.poll()


class Programs:
    """`with Programs() as programs:` raises `Stopped` on a signal; after the block nothing of it runs any more."""

    def __init__(self) -> None:
        self._started: list[Program] = []
        self._before: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None] = {}
        self._ending = self._hurry = False

    def __enter__(self) -> Self:
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        if "MAKELEVEL" in os.environ:  # started by make: when make is killed, this ends as well
            _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        # SIGHUP is ignored under nohup, and stays so.
        asked = [
            number for number in ENDING if number is signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN
        ]
        self._before = {number: signal.signal(number, self._signalled) for number in asked}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ending = True
        try:
            self._end()
        finally:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        output: IO[bytes] | None = None,
        user: str | None = None,
        end_by: signal.Signals = signal.SIGTERM,
    ) -> Program:
        """Starts `command`; `output` takes what it prints (None: this process' own). `user` needs root."""
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            preexec_fn=lambda: _prctl(PR_SET_PDEATHSIG, end_by),  # noqa: PLW1509 - this process has one thread
        )
        program = Program(name, process, end_by, time.monotonic())
        self._started.append(program)
        return program

    def end(self, program: Program) -> None:
        """Ends one program before the others, and waits for it."""
        self._end_these([program])
        self._started.remove(program)

    def pause(self, seconds: float) -> None:
        """Sleeps, and takes note of the end of what was adopted: else it would stay in the table of processes."""
        time.sleep(seconds)
        own = {program.process.pid for program in self._started}
        for process in set(_children()) - own:
            with suppress(ChildProcessError):
                os.waitpid(process, os.WNOHANG)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self._ending:
            self._hurry = True  # a second Ctrl-C: no more patience
        else:
            raise Stopped(number)

    def _end(self) -> None:
        self._end_these(self._started)
        for _ in range(100):
            if not (left := _children()):
                return
            for process in left:
                _kill(os.kill, process)
            _reap(left)

    def _end_these(self, programs: Sequence[Program]) -> None:
        running = [program for program in programs if program.exit_code() is None]
        for program in running:
            _kill(os.kill, program.process.pid, program.end_by)
        deadline = time.monotonic() + PATIENCE
        while running and not self._hurry and time.monotonic() < deadline:
            time.sleep(0.02)
            running = [program for program in running if program.exit_code() is None]
        for program in programs:
            _kill(os.killpg, program.process.pid)  # the rest of its session, and itself if it would not end
            program.process.wait()


def _prctl(option: int, value: int) -> None:
    if LINUX:
        _libc.prctl(option, value, 0, 0, 0)


_libc = ctypes.CDLL(None)  # looked up here: between fork and exec there is no time for it


def _kill(how: Callable[[int, int], None], process: int, number: int = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError, PermissionError):  # it has ended already
        how(process, number)


def _children() -> list[int]:
    """The processes whose parent this is: its own, and those it has adopted."""
    try:
        return [int(number) for number in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:  # not Linux
        return []


def _reap(processes: Sequence[int]) -> None:
    for process in processes:
        with suppress(ChildProcessError):  # waited for elsewhere
            os.waitpid(process, 0)
