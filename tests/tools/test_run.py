"""`make run` as a person uses it: it prints what works, and ends all that it started."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.server import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all: the first start in a folder takes its time."""
    return tmp_path_factory.mktemp("run")


def test_prints_what_works_then_ends_all_and_starts_again(var: Path) -> None:
    with _run(var) as (first, printed):
        leads = _follow(printed)
        assert len(leads["data"]) == 3
        programs = _programs_of(first.pid)
        assert len(programs) >= 3  # granian, its worker process, the worker
        first.send_signal(signal.SIGTERM)
        first.wait(timeout=20)
        assert [program for program in programs if _lives(program)] == []
    with _run(var) as (_, again):
        assert _follow(again) == leads
        assert _line(again, "Password") == _line(printed, "Password")


def test_second_one_in_the_same_folder_is_refused(var: Path) -> None:
    with _run(var):
        second = subprocess.run(
            ["make", "run"], cwd=ROOT, env=_environment(var), capture_output=True, text=True, check=False
        )
    assert second.returncode != 0
    assert "boltkeys runs from this folder already" in second.stderr


def test_crash_of_the_worker_ends_the_web(var: Path) -> None:
    with _run(var) as (running, _):
        programs = _programs_of(running.pid)
        worker = next(program for program in programs if "run_worker" in _command(program))
        os.kill(worker, signal.SIGKILL)
        assert running.wait(timeout=20) != 0
        assert [program for program in programs if _lives(program)] == []


@contextmanager
def _run(var: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`make run` with its data in `var`, and what it has printed when it is ready."""
    command = ["make", "run"]
    with subprocess.Popen(
        command, cwd=ROOT, env=_environment(var), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        try:
            yield running, _printed(running)
        finally:
            running.terminate()
            running.communicate(timeout=30)


def _printed(running: subprocess.Popen[str]) -> str:
    assert running.stdout
    timer = threading.Timer(120, running.kill)
    timer.start()
    lines: list[str] = []
    for line in running.stdout:
        lines.append(line)
        if "Ctrl-C ends it." in line:
            break
    timer.cancel()
    text = "".join(lines)
    assert "boltkeys is ready" in text, text
    return text


def _environment(var: Path) -> dict[str, str]:
    return os.environ | {"BOLTKEYS_VAR": str(var), "PORT": str(free_port()), "DEMO": "true"}


def _follow(printed: str) -> dict[str, list[object]]:
    """Does what the printed curl line says."""
    words = shlex.split(next(line for line in printed.splitlines() if line.strip().startswith("curl ")))
    address = next(word for word in words if word.startswith("http"))
    assert address.startswith(_line(printed, "boltkeys is ready:"))
    name, _, value = words[words.index("-H") + 1].partition(": ")
    with urllib.request.urlopen(urllib.request.Request(address, headers={name: value}), timeout=20) as answer:
        answered: dict[str, list[object]] = json.load(answer)
    return answered


def _line(printed: str, label: str) -> str:
    found = re.search(rf"{re.escape(label)}\s+(\S+)", printed)
    assert found, printed
    return found[1]


def _programs_of(process: int) -> list[int]:
    """All that descends from `process`."""
    text = Path(f"/proc/{process}/task/{process}/children").read_text()
    children = [int(number) for number in text.split()]
    return children + [program for child in children for program in _programs_of(child)]


def _command(process: int) -> str:
    return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")


def _lives(process: int) -> bool:
    return Path(f"/proc/{process}").exists()
