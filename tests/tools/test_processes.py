"""Whatever happens to a command of `make`, nothing that it started runs on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Starts `sh -c SCRIPT` as `make run` starts its programs, writes its own id, and waits.
STARTER = """
import os, pathlib, sys, time
from tools.processes import Programs, Stopped
try:
    with Programs() as programs:
        programs.start("child", ["sh", "-c", sys.argv[1]], environment=os.environ, folder=pathlib.Path(sys.argv[2]))
        time.sleep(60)
except Stopped as stopped:
    sys.exit(100 + stopped.number)
"""
DETACHED = "setsid sh -c 'echo $$ > grandchild; exec sleep 60' & echo $$ > child; exec sleep 60"
STUBBORN = "trap '' TERM INT; echo $$ > child; while :; do sleep 0.1; done"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_children_and_what_they_detached(tmp_path: Path, number: signal.Signals) -> None:
    starter = _start(tmp_path, DETACHED)
    ids = [_read_id(tmp_path / "child"), _read_id(tmp_path / "grandchild")]
    starter.send_signal(number)
    assert starter.wait(timeout=10) == 100 + number
    assert [_lives(process) for process in ids] == [False, False]


def test_second_signal_ends_children_that_do_not_listen(tmp_path: Path) -> None:
    starter = _start(tmp_path, STUBBORN)
    child = _read_id(tmp_path / "child")
    starter.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        starter.wait(timeout=0.5)
    starter.send_signal(signal.SIGINT)
    assert starter.wait(timeout=5) == 100 + signal.SIGINT
    assert not _lives(child)


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells children that their parent was killed"
)
def test_children_end_when_the_command_is_killed(tmp_path: Path) -> None:
    starter = _start(tmp_path, "echo $$ > child; exec sleep 60")
    child = _read_id(tmp_path / "child")
    starter.kill()
    starter.wait(timeout=5)
    assert _becomes(lambda: not _lives(child))


def _start(folder: Path, script: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", STARTER, script, str(folder)], cwd=ROOT)


def _read_id(file: Path) -> int:
    assert _becomes(lambda: file.exists() and file.read_text().endswith("\n"))
    return int(file.read_text())


def _becomes(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def _lives(process: int) -> bool:
    """Whether it runs; one that has ended and was not waited for does not."""
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
