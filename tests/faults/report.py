"""The figures of a run: `make test-faults` shows them at its end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


def note(test: str, **figures: object) -> None:
    said = ", ".join(f"{name.replace('_', ' ')} {_written(value)}" for name, value in figures.items())
    line = f"{test}: {said}"
    print(line)  # noqa: T201  (pytest shows it when the test fails)
    if file := os.environ.get("FAULTS_REPORT"):
        with Path(file).open("a") as report:
            report.write(line + "\n")


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of the values that `percent` of them do not exceed; 0 when there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def milliseconds(values: Sequence[float], percent: float) -> str:
    return f"{percentile(values, percent) * 1000:.1f} ms"


def _written(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
