"""nginx twice before one API: with the gate, by the configuration that boltkeys ships, and without."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from bench import prepare
from tools.places import ROOT

SHIPPED = ROOT / "deploy" / "nginx" / "boltkeys.conf"

MAIN = """\
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {shipped}
    server {{
        listen 127.0.0.1:{open_};
        location / {{
            proxy_pass http://guarded_api;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""


def command(folder: Path, *, gate: int, upstream: int, guarded: int, open_: int) -> list[str]:
    """Writes the configuration to `folder`; returns how nginx is started with it. The rest are ports."""
    home = folder / "nginx"
    home.mkdir()
    home.chmod(0o755)
    changes = {
        r"server 127\.0\.0\.1:8000;": f"server 127.0.0.1:{gate};",
        r"server 127\.0\.0\.1:9000;": f"server 127.0.0.1:{upstream};",
        r"listen 80;": f"listen 127.0.0.1:{guarded};",
        r"/gate/api\b": "/gate",
    }
    shipped = SHIPPED.read_text()
    for pattern, text in changes.items():
        shipped, found = re.subn(pattern, text, shipped)
        if not found:
            sys.exit(f"{SHIPPED} has changed: there is no {pattern} in it.")
    (home / "conf").write_text(MAIN.format(folder=home, shipped=shipped, open_=open_))
    return [prepare.nginx() or "nginx", "-c", str(home / "conf"), "-p", str(home)]
