"""What runs inside Redis, where nothing can come between two steps. Each file says what it takes and returns."""

from __future__ import annotations

from pathlib import Path

from apps.gate.wire import Script


def _script(name: str) -> Script:
    return Script((Path(__file__).parent / f"{name}.lua").read_text())


ADMIT = _script("admit")
BEGIN = _script("begin")
CARRY = _script("carry")
DRAIN = _script("drain")
DROP = _script("drop")
END = _script("end")
FETCH = _script("fetch")
FILL = _script("fill")
MEND = _script("mend")
UNKNOWN = _script("unknown")
