"""Callers: processes of threads that ask over kept connections, and note of each request when it began and ended.

Run as a program of its own, `python -m tests.faults.load`, by the standard library alone. The moments are those of the
machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import json
import mmap
import random
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # not by the program: it needs the standard library alone
    from tests.faults.changes import Done

ROOT = Path(__file__).parent.parent.parent

VERIFY = ("POST", "/v1/verify")
GATE = ("GET", "/gate")
LEADS = ("GET", "/v1/leads?limit=1")
ROUTES = (VERIFY, VERIFY, GATE, GATE, LEADS)
"""Mostly the cheap paths, so that many requests are in flight; the whole of Django as well."""

WAITS = 60
"""Seconds for a request of a certain kind, before the test says that there is none."""

ASKED = {"X-Original-Method": "GET", "X-Original-URI": "/leads"}
"""What the gate is asked about; the others do not mind."""


class Call(NamedTuple):
    """`began` and `ended` in nanoseconds; `status` 0 is no answer; `answered` the key that the answer speaks of, with
    its `scopes`."""

    began: int
    ended: int
    key: str
    path: str
    status: int
    code: str
    answered: str
    scopes: str
    retry_after: str

    @property
    def accepted(self) -> bool:
        return self.status in {200, 204}

    @property
    def seconds(self) -> float:
        return (self.ended - self.began) / 1e9


@dataclass(frozen=True)
class Plan:
    """`keys`: ID → secret. `board`: the file by which test and callers talk.

    `around`: how far from the key that callers crowd around; most often itself, else the one after, to warm it, or the
    ones before, which have ended. `first`: the number of the first thread; each keeps to one web process. `requests`:
    of all threads of the process together, then it ends by itself. `pause`: seconds after each request.
    """

    ports: Sequence[int]
    keys: Mapping[str, str]
    threads: int
    output: str
    board: str
    first: int
    requests: int = 0
    pause: float = 0.0
    timeout: float = 20.0
    routes: Sequence[Sequence[str]] = ROUTES
    headers: Mapping[str, str] = field(default_factory=lambda: ASKED)
    around: Sequence[int] = (0, 0, 0, 0, 1, 1, -1, -2)


class Board:
    """What a test and its callers tell each other while they run, in a file that they all have in their memory.

    Numbers of 8 bytes: `focus`, the index of the key that callers crowd around (-1: all alike); then for each key when
    the last of its requests began that has been answered, and the last that was accepted.
    """

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            self._cells = memoryview(mmap.mmap(opened.fileno(), 0)).cast("q")

    @staticmethod
    def blank(keys: int) -> bytes:
        return struct.pack(f"{1 + 2 * keys}q", -1, *[0] * 2 * keys)

    @property
    def focus(self) -> int:
        return self._cells[0]

    @focus.setter
    def focus(self, index: int) -> None:
        self._cells[0] = index

    def presented(self, index: int) -> int:
        return self._cells[1 + 2 * index]

    def accepted(self, index: int) -> int:
        return self._cells[2 + 2 * index]

    def note(self, index: int, call: Call) -> None:
        self._cells[1 + 2 * index] = call.began
        if call.accepted:
            self._cells[2 + 2 * index] = call.began


@dataclass
class Callers:
    """What the test holds of its callers; `calls` is full once they have ended."""

    processes: list[subprocess.Popen[str]]
    outputs: list[Path]
    board: Board
    calls: list[Call] = field(default_factory=list)

    def crowd_around(self, index: int) -> None:
        """From now on most requests present the key with this index."""
        self.board.focus = index

    def see_out(self, index: int, end: Callable[[], Done]) -> Done:
        """Ends the key with this index by `end`, once it was accepted, and waits until it was presented afterwards.

        However slow the machine is: without a request before and one after, the test would say nothing.
        """
        self.until_accepted(index)
        done = end()
        self.until_presented(index, done.ended)
        return done

    def until_accepted(self, index: int) -> None:
        self._wait_for(lambda: self.board.accepted(index) > 0)

    def until_presented(self, index: int, since: int) -> None:
        """Until a request has been answered that began later than `since`."""
        self._wait_for(lambda: self.board.presented(index) > since)

    def _wait_for(self, seen: Callable[[], bool]) -> None:
        until = time.monotonic() + WAITS
        while not seen():
            assert time.monotonic() < until, f"Callers made no such request in {WAITS} s."
            time.sleep(0.002)

    def wait(self) -> None:
        """Until all have made their number of requests."""
        for process in self.processes:
            process.wait(timeout=600)

    def end(self) -> None:
        for process in self.processes:
            if process.stdin is not None and not process.stdin.closed:
                process.stdin.close()
        self.wait()
        for output in self.outputs:
            self.calls += [Call(*json.loads(line)) for line in output.read_text().splitlines()]
        self.calls.sort()
        assert all(process.returncode == 0 for process in self.processes), "A caller has crashed."


@contextmanager
def calling(
    folder: Path,
    ports: Sequence[int],
    keys: Mapping[str, str],
    *,
    processes: int,
    threads: int,
    requests: int = 0,
    **over: Any,
) -> Iterator[Callers]:
    """Calls until the block is left, or until all have made `requests` together."""
    name = f"load{time.monotonic_ns()}"
    board = folder / f"{name}.board"
    board.write_bytes(Board.blank(len(keys)))
    callers = Callers([], [], Board(board))
    for number in range(processes):
        output = folder / f"{name}.{number}"
        share = requests // processes + (number < requests % processes)
        first = number * threads
        plan = Plan(ports, keys, threads, str(output), str(board), first, requests=share, **over)
        callers.processes.append(_start(plan))
        callers.outputs.append(output)
    try:
        for process in callers.processes:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
        for process in callers.processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        yield callers
        callers.end()
    finally:
        for process in callers.processes:
            process.kill()
            process.wait()


def _start(plan: Plan) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.faults.load"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(plan)) + "\n")
    process.stdin.flush()
    return process


# --- in the process of the callers ----------------------------------------------------------------------------------


class _Thread(threading.Thread):
    def __init__(self, plan: Plan, number: int, tickets: Iterator[int], board: Board) -> None:
        super().__init__(daemon=True)
        self._plan, self._number, self._tickets, self._board = plan, number, tickets, board
        self._keys = list(plan.keys.items())
        self._connections: dict[int, HTTPConnection] = {}
        self.calls: list[Call] = []

    def run(self) -> None:
        port = self._plan.ports[self._number % len(self._plan.ports)]
        for _ in self._tickets:
            index = self._choose()
            call = self._call(port, *self._keys[index], *random.choice(self._plan.routes))
            self._board.note(index, call)
            self.calls.append(call)
            if self._plan.pause:
                time.sleep(self._plan.pause)

    def _choose(self) -> int:
        """The index of a key."""
        middle, last = self._board.focus, len(self._keys) - 1
        if middle < 0:
            return random.randint(0, last)
        return min(max(middle + random.choice(self._plan.around), 0), last)

    def _call(self, port: int, key: str, secret: str, method: str, path: str) -> Call:
        headers = {"Authorization": f"Bearer {secret}", **self._plan.headers}
        began = time.monotonic_ns()
        try:
            connection = self._connection(port)
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            body = response.read()
        except (OSError, HTTPException) as error:
            ended = time.monotonic_ns()
            self._connections.pop(port).close()
            time.sleep(0.02)  # nobody listens: no reason to use up the machine
            return Call(began, ended, key, path, 0, type(error).__name__, "", "", "")
        ended = time.monotonic_ns()
        said = _object(body)
        answered = response.getheader("X-Boltkeys-Key-Id") or str(said.get("key_id", ""))
        scopes = response.getheader("X-Boltkeys-Scopes") or " ".join(said.get("scopes", ()))
        code, retry_after = str(said.get("code", "")), response.getheader("Retry-After", "")
        return Call(began, ended, key, path, response.status, code, answered, scopes, retry_after)

    def _connection(self, port: int) -> HTTPConnection:
        if port not in self._connections:
            self._connections[port] = HTTPConnection("127.0.0.1", port, timeout=self._plan.timeout)
        return self._connections[port]


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body) if body else {}
    except ValueError:
        return {"code": "no JSON"}
    return said if isinstance(said, dict) else {}


class _Tickets(Iterator[int]):
    """One for each request, shared by the threads, until there are no more or the callers are told to end."""

    def __init__(self, number: int) -> None:
        self._number, self._next, self._lock = number, 0, threading.Lock()
        self.ended = threading.Event()

    def __next__(self) -> int:
        with self._lock:
            if self.ended.is_set() or (self._number and self._next >= self._number):
                raise StopIteration
            self._next += 1
            return self._next


def main() -> None:
    plan = Plan(**json.loads(sys.stdin.readline()))
    tickets, board = _Tickets(plan.requests), Board(Path(plan.board))
    threads = [_Thread(plan, plan.first + number, tickets, board) for number in range(plan.threads)]
    print("ready", flush=True)  # noqa: T201  (to the test that has started this)
    sys.stdin.readline()
    for thread in threads:
        thread.start()
    if not plan.requests:
        sys.stdin.read()
        tickets.ended.set()
    for thread in threads:
        thread.join()
    lines = [json.dumps(call) for thread in threads for call in thread.calls]
    Path(plan.output).write_text("\n".join(lines))


if __name__ == "__main__":
    main()
