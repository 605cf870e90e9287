"""The server for many calls at once, when it is what fails: Redis is well all the time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults import sizes
from tests.faults.changes import Changes
from tests.faults.load import VERIFY, calling
from tests.faults.site import Site
from tests.faults.stores import Process
from tests.server import ROOT, Server, free_port

LIMIT = 60
STOPS = sizes.size(8, 100)
STOPPED = 0.25
"""Seconds: longer than Redis is waited for."""


@contextmanager
def serving(site: Site) -> Iterator[tuple[Server, Process]]:
    port = free_port()
    granian = str(Path(sys.executable).parent / "granian")
    options = ["--interface", "rsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--no-access-log"]
    log = site.folder / "rsgi.log"
    log.write_bytes(b"")
    process = Process([granian, *options, "boltkeys.rsgi:application"], ROOT, site.environ, log=log)
    server = Server(f"http://127.0.0.1:{port}", site.environ, log)
    process.start()
    try:
        process.wait_until(lambda: _answers(server))
        yield server, process
    finally:
        process.kill()


def test_limit_holds_in_a_process_that_is_stopped_and_continued(
    site: Site, operator: Changes, project: str, tmp_path: Path
) -> None:
    with serving(site) as (server, process):
        for _ in range(3):  # the machine may be too busy for Redis to answer in what is left of its time
            accepted = _accepted_while_stopped(server, process, operator, project, tmp_path)
            if accepted == LIMIT:
                return
    raise AssertionError(f"{accepted} accepted, where {LIMIT} are. {process.log.read_text()[-2000:]}")


def _accepted_while_stopped(server: Server, process: Process, operator: Changes, project: str, folder: Path) -> int:
    keys, port = operator.keys(1, project=project, rate_limit=LIMIT), int(server.url.rpartition(":")[2])
    with calling(folder, [port], keys, processes=1, threads=8, routes=(VERIFY,)) as callers:
        for _ in range(STOPS):
            time.sleep(0.1)
            process.pause()
            time.sleep(STOPPED)
            process.resume()
    return sum(call.accepted for call in callers.calls)


def _answers(server: Server) -> bool:
    try:
        return server.call("/gate").status == 400
    except OSError:
        return False
