"""Debian's nginx, Caddy and HAProxy with the very files of deploy/: addresses are changed, as a reader would."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.server import ROOT, free_port

DEPLOY = ROOT / "deploy"
STARTS_WITHIN = 20.0
PATHS = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])

NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
{user}
worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/boltkeys.conf;
}}
"""
CADDY = """
{{
	admin off
	auto_https off
	default_bind 127.0.0.1
	storage file_system {folder}
}}
"""


@dataclass(frozen=True)
class Proxy:
    name: str
    port: int
    home: Path
    process: subprocess.Popen[bytes]


@dataclass(frozen=True)
class Places:
    """Ports of the proxy, of boltkeys and of the guarded API."""

    proxy: int
    boltkeys: int
    upstream: int

    def put_into(self, file: Path, *listens: tuple[str, str]) -> str:
        """The text of a shipped file with these ports in place of its own; each of its own must be there."""
        text = file.read_text()
        for shipped, ours in (("127.0.0.1:8000", f"127.0.0.1:{self.boltkeys}"),
                              ("127.0.0.1:9000", f"127.0.0.1:{self.upstream}"), *listens):  # fmt: skip
            assert shipped in text, f"{file}: {shipped}"
            text = text.replace(shipped, ours)
        return text


def _nginx(folder: Path, places: Places) -> list[str]:
    text = places.put_into(DEPLOY / "nginx" / "boltkeys.conf", ("listen 80;", f"listen 127.0.0.1:{places.proxy};"))
    (folder / "boltkeys.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user))
    return [_program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def _caddy(folder: Path, places: Places) -> list[str]:
    text = places.put_into(DEPLOY / "caddy" / "Caddyfile", (":80 {", f"http://:{places.proxy} {{"))
    (folder / "Caddyfile").write_text(CADDY.format(folder=folder) + text)
    return [_program("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def _haproxy(folder: Path, places: Places) -> list[str]:
    lua = DEPLOY / "haproxy" / "boltkeys.lua"
    listens = ("bind :80", f"bind 127.0.0.1:{places.proxy}"), ("/etc/haproxy/boltkeys.lua", str(lua))
    (folder / "haproxy.cfg").write_text(places.put_into(DEPLOY / "haproxy" / "haproxy.cfg", *listens))
    return [_program("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")]


_COMMANDS: dict[str, Callable[[Path, Places], list[str]]] = {"nginx": _nginx, "caddy": _caddy, "haproxy": _haproxy}
NAMES = tuple(_COMMANDS)


def _program(name: str) -> str:
    found = shutil.which(name, path=PATHS)
    assert found, f"{name} is missing: `make test` installs it."
    return found


@contextmanager
def running(folder: Path, boltkeys: str, upstream: int, names: Sequence[str] = NAMES) -> Iterator[dict[str, Proxy]]:
    """All proxies, in front of the API on port `upstream`, until the block is left. `boltkeys` is a URL."""
    with ExitStack() as stack:
        started = {}
        for name in names:
            places = Places(free_port(), int(urlsplit(boltkeys).port or 0), upstream)
            home = folder / name
            home.mkdir()
            process = stack.enter_context(_process(home, _COMMANDS[name](home, places)))
            started[name] = Proxy(name, places.proxy, home, process)
        for proxy in started.values():
            _wait_for(proxy)
        yield started


@contextmanager
def _process(home: Path, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait_for(proxy: Proxy) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and proxy.process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", proxy.port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"{proxy.name} did not start:\n{(proxy.home / 'log').read_text()}")
