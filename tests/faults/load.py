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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent.parent

VERIFY = ("POST", "/v1/verify")
GATE = ("GET", "/gate")
LEADS = ("GET", "/v1/leads?limit=1")
ROUTES = (VERIFY, VERIFY, GATE, GATE, LEADS)
"""Mostly the cheap paths, so that many requests are in flight; the whole of Django as well."""

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
    """`keys`: ID → secret. `focus`: a file with the index of the key that callers crowd around; -1: all alike.

    `around`: how far from it; most often itself, else the one after, to warm it, or the ones before, which have ended.
    `first`: the number of the first thread; each keeps to one web process. `requests`: of all threads of the process
    together, then it ends by itself. `pause`: seconds after each request.
    """

    ports: Sequence[int]
    keys: Mapping[str, str]
    threads: int
    output: str
    focus: str
    first: int
    requests: int = 0
    pause: float = 0.0
    timeout: float = 20.0
    routes: Sequence[Sequence[str]] = ROUTES
    headers: Mapping[str, str] = field(default_factory=lambda: ASKED)
    around: Sequence[int] = (0, 0, 0, 0, 1, 1, -1, -2)


@dataclass
class Callers:
    """What the test holds of its callers; `calls` is full once they have ended."""

    processes: list[subprocess.Popen[str]]
    outputs: list[Path]
    focus: mmap.mmap
    calls: list[Call] = field(default_factory=list)

    def crowd_around(self, index: int) -> None:
        """From now on most requests present the key with this index."""
        self.focus[:8] = struct.pack("q", index)

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
    focus = folder / f"{name}.focus"
    focus.write_bytes(struct.pack("q", -1))
    callers = Callers([], [], _shared(focus))
    for number in range(processes):
        output = folder / f"{name}.{number}"
        share = requests // processes + (number < requests % processes)
        first = number * threads
        plan = Plan(ports, keys, threads, str(output), str(focus), first, requests=share, **over)
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


def _shared(file: Path) -> mmap.mmap:
    with file.open("r+b") as opened:
        return mmap.mmap(opened.fileno(), 8)


def _start(plan: Plan) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.faults.load"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(plan)) + "\n")
    process.stdin.flush()
    return process


# --- in the process of the callers ----------------------------------------------------------------------------------


class _Thread(threading.Thread):
    def __init__(self, plan: Plan, number: int, tickets: Iterator[int], focus: mmap.mmap) -> None:
        super().__init__(daemon=True)
        self._plan, self._number, self._tickets, self._focus = plan, number, tickets, focus
        self._keys = list(plan.keys.items())
        self._connections: dict[int, HTTPConnection] = {}
        self.calls: list[Call] = []

    def run(self) -> None:
        port = self._plan.ports[self._number % len(self._plan.ports)]
        for _ in self._tickets:
            self.calls.append(self._call(port, *self._choose(), *random.choice(self._plan.routes)))
            if self._plan.pause:
                time.sleep(self._plan.pause)

    def _choose(self) -> tuple[str, str]:
        middle: int = struct.unpack("q", self._focus[:8])[0]
        if middle < 0:
            return random.choice(self._keys)
        index = middle + random.choice(self._plan.around)
        return self._keys[min(max(index, 0), len(self._keys) - 1)]

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
    tickets, focus = _Tickets(plan.requests), _shared(Path(plan.focus))
    threads = [_Thread(plan, plan.first + number, tickets, focus) for number in range(plan.threads)]
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
