"""What `make bench` prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench import proxy, tables
from bench.targets import BOLTKEYS, FLOOR, PEERS


def process_row(name: str, wall: float) -> dict[str, Any]:
    return {"name": name, "wall": [wall, wall, wall], "cpu": [wall], "sql": 0, "trips": 1, "statuses": ["200"]}


def load_row(name: str, rps: float) -> dict[str, Any]:
    figures = {"rps": [rps, rps, rps], "p50": [1], "p99": [2], "refused": 0, "failed": 0}
    return {"name": name, "connections": 32, "keys": 1000, **figures}


def line_of(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {name} |"))


@pytest.fixture
def result() -> dict[str, Any]:
    times, rates = {FLOOR: 100, BOLTKEYS: 150, PEERS[0]: 800, PEERS[1]: 700}, {FLOOR: 1000, BOLTKEYS: 600}
    machine = dict.fromkeys(("when", "commit", "processor", "system", "programs", "packages", "load_before"), "?")
    return {
        "machine": machine,
        "process": [process_row(name, wall) for name, wall in times.items()],
        "load": [load_row(name, rps) for name, rps in {**rates, PEERS[0]: 150, PEERS[1]: 200}.items()],
    }


def test_cost_is_given_in_parts_of_the_floor_and_beside_the_nearest_peer(result: dict[str, Any]) -> None:
    line = line_of(tables.report(result), BOLTKEYS)
    assert "| +50 | +50% | 12.0 × |" in line


def test_rate_is_given_in_parts_of_the_floor_and_beside_the_best_peer(result: dict[str, Any]) -> None:
    del result["process"]
    assert "| 60% | 3.0 × |" in line_of(tables.report(result), BOLTKEYS)


def test_figures_replace_those_between_the_marks_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = tmp_path / "performance.md"
    docs.write_text(f"before\n{tables.BEGIN}\nold\n{tables.END}\nafter\n")
    monkeypatch.setattr(tables, "DOCS", docs)
    tables.write_docs("new")
    assert docs.read_text() == f"before\n{tables.BEGIN}\n\nnew\n\n{tables.END}\nafter\n"


def test_marks_are_in_the_documentation() -> None:
    text = tables.DOCS.read_text()
    assert text.count(tables.BEGIN) == text.count(tables.END) == 1


def test_nginx_is_measured_with_the_configuration_that_is_shipped(tmp_path: Path) -> None:
    proxy.command(tmp_path, gate=1, upstream=2, guarded=3, open_=4)
    written = (tmp_path / "nginx" / "conf").read_text()
    assert "auth_request /_gate;" in written
    assert "server 127.0.0.1:1;" in written and "server 127.0.0.1:2;" in written
    assert "http://boltkeys/gate;" in written
