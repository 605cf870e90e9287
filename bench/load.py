"""Servers under load, by wrk: every round visits every target, so that a slow minute of the machine hits them all."""

from __future__ import annotations

import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import placement, proxy
from bench.targets import BETTER_AUTH, FLOODS, GATE_OF_MANY, SERVERS, Target
from tools.places import ROOT
from tools.processes import Program, Programs
from tools.servers import free_port

ALL = 1_000_000_000
SCRIPT = Path(__file__).parent / "keys.lua"
STARTS_WITHIN = 60.0
WARM_SECONDS = 3
"""Of each run of wrk that fills the caches of a server; there are as many as it takes."""


@dataclass(frozen=True)
class Load:
    """`keys` are used in turn by `connections`, for `seconds` in each of `rounds`."""

    connections: int
    keys: int
    rounds: int
    seconds: int


@dataclass(frozen=True)
class Place:
    """A target, and where its server listens."""

    target: Target
    port: int


class Site:
    """The servers of a run, started on the worker's core."""

    def __init__(self, programs: Programs, folder: Path, environment: Mapping[str, str], threads: int) -> None:
        self._programs, self._folder, self._environment = programs, folder, environment
        self._threads = threads

    def start_all(self, better_auth: Path | None, rows: int) -> list[Place]:
        places = [place for server in SERVERS for place in self._serve(server.targets, server.command)]
        gate = next(place.port for place in places if place.target is GATE_OF_MANY)
        upstream = next(place.port for place in places if place.target.name == "hello world, RSGI")
        places += self._start_nginx(gate, upstream)
        if better_auth:
            places += self._start_better_auth(better_auth, rows)
        return places

    def _serve(self, targets: Iterable[Target], command: Any) -> list[Place]:
        port = free_port()
        name, *arguments = command(port, self._threads)
        program = str(Path(self._environment["BENCH_PROGRAMS"]) / name)
        self._start(name, [program, *arguments], port)
        return [Place(target, port) for target in targets]

    def _start_better_auth(self, folder: Path, rows: int) -> list[Place]:
        environment = {**self._environment, "BENCH_ROWS": str(rows)}
        subprocess.run(["node", "server.mjs", "seed"], cwd=folder, env=environment, check=True)
        places = []
        for mode, name in BETTER_AUTH.items():
            port = free_port()
            self._start(name, ["node", "server.mjs", mode, str(port)], port, folder)
            places.append(Place(Target(name, "/verify", "better-auth"), port))
        return places

    def _start_nginx(self, gate: int, upstream: int) -> list[Place]:
        guarded, open_ = free_port(), free_port()
        command = proxy.command(self._folder, gate=gate, upstream=upstream, guarded=guarded, open_=open_)
        self._start("nginx", command, guarded)
        return [
            Place(Target("nginx without the gate", "/leads", "boltkeys"), open_),
            Place(Target("nginx with the gate, RSGI", "/leads", "boltkeys", warm=True), guarded),
        ]

    def _start(self, name: str, command: list[str], port: int, folder: Path = ROOT) -> None:
        log = self._folder / f"{name.replace(' ', '-').replace(',', '')}-{port}.log"
        with log.open("wb") as output, placement.on(placement.WORKER):
            program = self._programs.start(name, command, environment=self._environment, folder=folder, output=output)
        if not _listens(program, port):
            sys.exit(f"{name} does not start:\n{log.read_text(errors='replace')}")


def measure(places: Sequence[Place], loads: Iterable[Load], keys: Path) -> list[dict[str, Any]]:
    """The rows of the tables: requests per second, p50 and p99 in µs (median, least, most), answers other than 2xx."""
    rows = []
    for load in loads:
        for place in places:
            _warm(place, load, keys)
        results: dict[str, list[dict[str, int]]] = {place.target.name: [] for place in places}
        for number in range(load.rounds):
            for place in places if number % 2 == 0 else reversed(places):
                results[place.target.name].append(wrk(place, load, keys))
            print(f"  {load.connections} connections, {load.keys} keys: round {number + 1}/{load.rounds}", flush=True)
        rows += [_row(name, load, found) for name, found in results.items()]
    return rows


def _warm(place: Place, load: Load, keys: Path) -> None:
    """A second for the code; then, for what is cached, each key twice."""
    sent, wanted = 0, 2 * load.keys if place.target.warm else 1
    brief = replace(load, seconds=1)
    while sent < wanted:
        sent += max(1, wrk(place, brief, keys, start=sent)["requests"])
        brief = replace(load, seconds=WARM_SECONDS)


def wrk(place: Place, load: Load, keys: Path, start: int = 0) -> dict[str, int]:
    """One run of wrk, from the key number `start`."""
    return finish(start_wrk(place, load, keys, start))


def start_wrk(place: Place, load: Load, keys: Path, start: int = 0) -> subprocess.Popen[str]:
    target = place.target
    options = ["-t1", f"-c{load.connections}", f"-d{load.seconds}s", "--timeout", "10s", "-s", str(SCRIPT)]
    used = ALL if target.distinct else load.keys
    script = [str(keys / target.keys), str(used), target.header, target.method, target.body, str(start)]
    headers = [text for header in target.headers for text in header]
    url = f"http://127.0.0.1:{place.port}{target.path}"
    with placement.on(placement.GENERATOR):
        return subprocess.Popen(["wrk", *options, url, "--", *script, *headers], stdout=subprocess.PIPE, text=True)


def finish(running: subprocess.Popen[str]) -> dict[str, int]:
    output, _ = running.communicate()
    line = next((line for line in output.splitlines() if line.startswith("JSON ")), None)
    if line is None:
        sys.exit(f"wrk failed:\n{output}")
    return dict(json.loads(line[5:]))


def flood(places: Sequence[Place], load: Load, keys: Path) -> list[dict[str, Any]]:
    """What the valid requests of half the connections see while the others send good keys, and while they send made-up
    ones: p50 and p99 in µs."""
    found: dict[str, list[dict[str, int]]] = {}
    half = replace(load, connections=load.connections // 2)
    for _ in range(load.rounds):
        for valid, made_up in pairs(places):
            for name, other in (("good", valid), ("made-up", made_up)):
                beside = start_wrk(other, half, keys)
                found.setdefault(f"{valid.target.name}, beside {name} keys", []).append(wrk(valid, half, keys))
                finish(beside)
    return [_row(name, half, results) for name, results in found.items()]


def pairs(places: Sequence[Place]) -> list[tuple[Place, Place]]:
    """Each target with the one that floods it."""
    named = {place.target.name: place for place in places}
    return [(named[valid], named[made_up]) for valid, made_up in FLOODS if made_up in named]


def _row(name: str, load: Load, results: list[dict[str, int]]) -> dict[str, Any]:
    rates = [result["requests"] * 1e6 / result["microseconds"] for result in results]
    return {
        "name": name,
        "connections": load.connections,
        "keys": load.keys,
        "rps": spread(rates),
        "p50": spread([result["p50"] for result in results]),
        "p99": spread([result["p99"] for result in results]),
        "refused": sum(result["refused"] for result in results),
        "failed": sum(result["failed"] for result in results),
    }


def spread(values: Sequence[float]) -> list[float]:
    return [round(of(values), 1) for of in (statistics.median, min, max)]


def _listens(program: Program, port: int) -> bool:
    deadline = time.monotonic() + STARTS_WITHIN
    while program.exit_code() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False
