"""What a request costs in one process: the application is called directly, the targets taking turns.

    python -m bench.inproc PLAN.json

The plan has `targets`, `keys` (a folder), `limit` (keys of each), `rounds`, `block` (requests in a row), and `out`.
"""

from __future__ import annotations

import gc
import io
import json
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from django.db import connection

from apps.gate import gate, memory
from bench.site import wsgi
from bench.targets import Target

COUNTED = 50
"""Requests of each target on which statements and round trips are counted."""

Environ = dict[str, Any]


class Caller:
    """Calls one target as a server would, with the next key each time."""

    def __init__(self, target: Target, keys: Path, limit: int) -> None:
        self.target = target
        self.status = ""
        self._app = getattr(wsgi, target.app)
        self._body = target.body.encode()
        with (keys / target.keys).open() as lines:
            used = islice(lines, None if target.distinct else limit)
            environs = [self._environ(line.rstrip("\n")) for line in used]
        self.warm_up = max(2 * limit, 300)
        self._environs = cycle(environs)

    def _environ(self, value: str) -> Environ:
        headers = {"User-Agent": "bench/1", "Host": "localhost", self.target.header: value, **dict(self.target.headers)}
        environ: Environ = {f"HTTP_{name.upper().replace('-', '_')}": text for name, text in headers.items()}
        if self._body:
            environ |= {"CONTENT_LENGTH": str(len(self._body)), "CONTENT_TYPE": environ.pop("HTTP_CONTENT_TYPE")}
        return environ | {
            "REQUEST_METHOD": self.target.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.target.path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }

    def batch(self, number: int) -> list[Environ]:
        return [environ | {"wsgi.input": io.BytesIO(self._body)} for environ in islice(self._environs, number)]

    def call(self, environ: Environ) -> None:
        response = self._app(environ, self._start_response)
        for _ in response:
            pass
        if hasattr(response, "close"):
            response.close()

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.status = status


class Counter:
    """Counts what leaves the process: SQL statements, and writes to a socket of Python's, which are all to Redis."""

    def __init__(self) -> None:
        self.statements = self.writes = 0

    def __enter__(self) -> Counter:
        self._wrapper = connection.execute_wrapper(self._execute)
        self._wrapper.__enter__()
        for name in ("send", "sendall"):
            setattr(socket.socket, name, self._counted(getattr(socket.socket, name)))
        return self

    def __exit__(self, *_: object) -> None:
        for name in ("send", "sendall"):
            delattr(socket.socket, name)  # what it inherits is there again
        self._wrapper.__exit__(None, None, None)

    def _execute(self, execute: Callable[..., Any], *args: Any) -> Any:
        self.statements += 1
        return execute(*args)

    def _counted(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            self.writes += 1
            return write(*args)

        return counted


class State:
    """`forgetful`: the gate remembers one key, so that each request finds its record in Redis."""

    def __init__(self) -> None:
        self._known_max, self._current = memory.KNOWN_MAX, gate.current
        self._forgetful = cache(gate.current.__wrapped__)

    def set(self, state: str) -> None:
        forgetful = state == "forgetful"
        memory.KNOWN_MAX = 1 if forgetful else self._known_max
        gate.current = self._forgetful if forgetful else self._current


state = State()


def count(caller: Caller) -> dict[str, Any]:
    statuses = set()
    with Counter() as counter:
        for environ in caller.batch(COUNTED):
            caller.call(environ)
            statuses.add(caller.status[:3])
    return {"sql": counter.statements / COUNTED, "trips": counter.writes / COUNTED, "statuses": sorted(statuses)}


def measure(caller: Caller, block: int) -> Iterator[tuple[str, float]]:
    """Microseconds per request: wall and CPU as the mean of a block, p50 over its requests."""
    batch, stamps = caller.batch(block), []
    cpu, wall = time.process_time_ns(), time.perf_counter_ns()
    for environ in batch:
        began = time.perf_counter_ns()
        caller.call(environ)
        stamps.append(time.perf_counter_ns() - began)
    yield "wall", (time.perf_counter_ns() - wall) / block / 1000
    yield "cpu", (time.process_time_ns() - cpu) / block / 1000
    yield "p50", statistics.median(stamps) / 1000


def run(callers: list[Caller], rounds: int, block: int) -> list[dict[str, Any]]:
    """The rows of the table. Every other round goes backwards, so that nobody always follows the same neighbour."""
    rows = {caller.target.name: _warm(caller) for caller in callers}
    samples: dict[str, dict[str, list[float]]] = {name: {} for name in rows}
    gc.collect()
    gc.freeze()
    for number in range(rounds):
        for caller in callers if number % 2 == 0 else reversed(callers):
            state.set(caller.target.state)
            for figure, value in measure(caller, block):
                samples[caller.target.name].setdefault(figure, []).append(value)
    for name, figures in samples.items():
        rows[name] |= {figure: _spread(values) for figure, values in figures.items()}
    return list(rows.values())


def _warm(caller: Caller) -> dict[str, Any]:
    """Each key twice, for the caches, and the code a few hundred times."""
    state.set(caller.target.state)
    for environ in caller.batch(caller.warm_up):
        caller.call(environ)
    return {"name": caller.target.name, **count(caller)}


def _spread(values: list[float]) -> list[float]:
    return [round(of(values), 1) for of in (statistics.median, min, max)]


def main(plan: dict[str, Any]) -> None:
    keys = Path(plan["keys"])
    targets = [Target(**{**fields, "headers": tuple(map(tuple, fields["headers"]))}) for fields in plan["targets"]]
    rows = run([Caller(target, keys, plan["limit"]) for target in targets], plan["rounds"], plan["block"])
    Path(plan["out"]).write_text(json.dumps(rows))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
