"""Clients that others' generators make from the document: their types hold, and they walk through the life of a key."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import node
from tests.make import PASSWORD
from tests.server import Server, running
from tools.places import NODE_MODULES

WALKS = Path(__file__).parent / "clients"
BIN = Path(sys.executable).parent
ALICE = "alice@example.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("clients")) as running_server:
        running_server.manage(
            "create_project", "--name", "Messages", "--catalogue", "boltly", "--admin", ALICE,
            "--password-env", "ALICE", ALICE=PASSWORD,
        )  # fmt: skip
        yield running_server


@pytest.fixture
def document(server: Server, tmp_path: Path) -> Path:
    file = tmp_path / "openapi.json"
    file.write_bytes(server.call("/v1/openapi.json?catalogue=boltly").body)
    return file


def ran(*command: str | Path, folder: Path) -> str:
    """What the program printed, warnings included; it ended well."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:]
    return done.stdout


def test_python_client_is_typed_and_walks(server: Server, document: Path, tmp_path: Path) -> None:
    client = tmp_path / "boltly_client"
    (tmp_path / "config.yaml").write_text("post_hooks: []\n")  # as it is made, in no style of ours
    options = ["--meta", "none", "--output-path", client.name, "--config", "config.yaml"]
    told = ran(BIN / "openapi-python-client", "generate", "--path", document, *options, folder=tmp_path)
    assert "arning" not in told and "kipping" not in told, told
    shutil.copy(WALKS / "walk.py", tmp_path)
    ran(sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "mypy", "walk.py", client, folder=tmp_path)
    assert ran(sys.executable, "walk.py", server.url, ALICE, PASSWORD, folder=tmp_path) == "401 revoked\n"


def test_typescript_client_is_typed_and_walks(server: Server, document: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    made = node.run("openapi-typescript", document.name, "--output", "schema.d.ts", folder=tmp_path)
    assert made.returncode == 0 and "warn" not in (made.stdout + made.stderr).lower(), made.stdout + made.stderr
    shutil.copy(WALKS / "walk.ts", tmp_path)
    options = {"strict": True, "target": "es2022", "module": "nodenext", "lib": ["es2022", "dom", "dom.iterable"]}
    (tmp_path / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": {**options, "types": []}, "files": ["walk.ts"]})
    )
    checked = node.run("tsc", "--project", ".", folder=tmp_path)
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stdout[-5000:]
    assert ran(node.node(), "walk.js", server.url, ALICE, PASSWORD, folder=tmp_path) == "401 revoked\n"
