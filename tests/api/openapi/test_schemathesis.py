"""schemathesis, with all its checks, against a real server: requests made from the documents, valid ones and others.

In `make test` a seeded few for each catalogue; `make test-api` asks at least 5,000 times in all, in every phase.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.openapi.documents import CATALOGUES
from tests.make import PASSWORD
from tests.server import Server, running

WHOLE = os.environ.get("API_CASES") == "whole"
CASES = 1250 if WHOLE else 60
PHASES = "examples,coverage,fuzzing,stateful" if WHOLE else "fuzzing"
EXAMPLES = "20" if WHOLE else "1"
WORKERS = "1" if WHOLE else "2"  # two threads that read Python's source at once trip over the parser of CPython 3.11
SEED = "7"
HOOKS = Path(__file__).parent / "clients"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("openapi"), LOG_LEVEL="INFO") as running_server:
        yield running_server


@pytest.fixture
def key(server: Server, catalogue: str) -> dict[str, str]:
    """A key that can do all that a key can in a project of the catalogue."""
    server.manage(
        "create_project", "--name", catalogue.title(), "--catalogue", catalogue,
        "--admin", "alice@example.com", "--password-env", "ALICE", ALICE=PASSWORD,
    )  # fmt: skip
    document = json.loads(server.call(f"/v1/openapi.json?catalogue={catalogue}").body)
    operations = [each for item in document["paths"].values() for each in item.values() if isinstance(each, dict)]
    scopes = sorted({each.get("x-required-scope") or "" for each in operations} - {""})
    everything = "UnrestrictedApiKeyCreate" in document["components"]["schemas"]
    grants = ["--unrestricted"] if everything else [part for scope in scopes for part in ("--grant", scope)]
    return server.manage("create_key", "--project", catalogue, "--name", "All", "--rate-limit", "1000000", *grants)


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_schemathesis_finds_nothing(catalogue: str, server: Server, key: dict[str, str], tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).parent / "schemathesis"), "run", f"{server.url}/v1/openapi.json", "--url", server.url,
        "--checks", "all", "--workers", WORKERS, "--phases", PHASES, "--max-examples", EXAMPLES, "--seed", SEED,
        "--no-color", "-H", f"Authorization: Bearer {key['secret_key']}",
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": "made_up", "PYTHONPATH": str(HOOKS), "OWN_KEY_ID": key["id"]}
    environment = {**os.environ, **hooks}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=1500
    )
    assert done.returncode == 0, done.stdout[-20_000:]
    generated = re.search(r"(\d+) generated", done.stdout)
    assert generated and int(generated[1]) >= CASES, done.stdout[-2000:]
    assert "Traceback" not in server.log.read_text()
