"""What Redocly and Spectral, which nobody here wrote, say about the documents: nothing."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests import node
from tests.api.openapi.documents import CATALOGUES, fetched

pytestmark = pytest.mark.django_db


def printed(done: CompletedProcess[str]) -> Any:
    """The JSON that a linter printed, before what it says to people."""
    assert done.stdout, done.stderr
    return json.JSONDecoder().raw_decode(done.stdout.lstrip())[0]


@pytest.fixture
def documents(tmp_path: Path) -> list[str]:
    for catalogue in CATALOGUES:
        (tmp_path / f"{catalogue}.json").write_text(json.dumps(fetched(catalogue), indent=1))
    return [f"{catalogue}.json" for catalogue in CATALOGUES]


def test_redocly_finds_nothing(documents: list[str], tmp_path: Path) -> None:
    found = node.run("redocly", "lint", "--extends=recommended", "--format=json", *documents, folder=tmp_path)
    problems = [(p["ruleId"], p["message"], p["location"]) for p in printed(found)["problems"]]
    assert (found.returncode, problems) == (0, [])


def test_spectral_finds_nothing(documents: list[str], tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("extends: spectral:oas\n")
    options = ["--ruleset", "rules.yaml", "--format", "json", "--fail-severity", "hint"]
    found = node.run("spectral", "lint", *options, *documents, folder=tmp_path)
    problems = [(p["code"], p["message"], p["path"]) for p in printed(found)]
    assert (found.returncode, problems) == (0, []), found.stderr


def test_linters_see_what_is_wrong(tmp_path: Path) -> None:
    """They would find something, were there something to find."""
    broken = fetched("boltly")
    broken["paths"] = {"/v1/me": broken["paths"]["/v1/me"]}  # a whole document takes them long to read
    del broken["paths"]["/v1/me"]["get"]["operationId"]
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    (tmp_path / "rules.yaml").write_text("extends: spectral:oas\n")
    lint = node.run("redocly", "lint", "--extends=recommended", "--format=json", "broken.json", folder=tmp_path)
    assert "operation-operationId" in {problem["ruleId"] for problem in printed(lint)["problems"]}
    lint = node.run("spectral", "lint", "--ruleset", "rules.yaml", "--format", "json", "broken.json", folder=tmp_path)
    assert "operation-operationId" in {problem["code"] for problem in printed(lint)}
