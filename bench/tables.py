"""The figures as tables of Markdown, for the terminal and for docs/performance.md."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.targets import ASKED_AHEAD, BOLTKEYS, FLOOR, NOT_IN_MEMORY, PEERS
from tools.places import ROOT

DOCS = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"

Row = Mapping[str, Any]

PLACES = {
    "process": "In one process; Redis and PostgreSQL on the same core, over TCP",
    "process_socket": "The same, with Redis over a Unix socket",
    "process_appends": "The same over TCP, with Redis' append-only file (`everysec`)",
    "process_core": "The same over TCP, with Redis and PostgreSQL on another core",
}


def report(result: Mapping[str, Any]) -> str:
    """All tables of a run, in the order in which they were measured."""
    parts = [_machine(result["machine"])]
    parts += [_process(title, result[name]) for name, title in PLACES.items() if name in result]
    if "load" in result:
        parts += _loads(result["load"])
    if "flood" in result:
        parts.append(_flood(result["flood"]))
    if "memory" in result:
        parts.append(_memory(result["memory"]))
    if "lookup" in result:
        parts.append(_lookup(result["lookup"]))
    return "\n\n".join(parts)


def write_docs(text: str) -> None:
    """Puts the tables between the two marks of docs/performance.md."""
    before, begin, rest = DOCS.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{DOCS} has lost its marks {BEGIN} and {END}.")
    DOCS.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def _machine(machine: Mapping[str, str]) -> str:
    return (
        f"Measured {machine['when']} at commit {machine['commit']}: {machine['processor']}; {machine['system']}; "
        f"{machine['programs']}; {machine['packages']}. Load average before: {machine['load_before']}."
    )


def _process(title: str, rows: Sequence[Row]) -> str:
    """*Nearest peer adds*: how many times as much as boltkeys the nearest of the comparable peers adds."""
    floor = _named(rows, FLOOR)["wall"][0]
    head = ("request", "µs (least–most)", "CPU µs", "added µs", "added", "nearest peer adds", "SQL", "Redis", "status")
    nearest = min((_named(rows, peer)["wall"][0] - floor for peer in PEERS), default=0.0)
    return _titled(title, head, [_process_row(row, floor, nearest) for row in rows])


def _process_row(row: Row, floor: float, nearest: float) -> list[str]:
    median, least, most = row["wall"]
    added = median - floor
    is_ours = row["name"] in (BOLTKEYS, ASKED_AHEAD.name, NOT_IN_MEMORY.name)
    return [
        row["name"],
        f"{median:.0f} ({least:.0f}–{most:.0f})",
        f"{row['cpu'][0]:.0f}",
        f"{added:+.0f}" if row["name"] != FLOOR else "",
        f"{added / floor:+.0%}" if row["name"] != FLOOR else "the floor",
        f"{nearest / added:.1f} ×" if is_ours else "",
        f"{row['sql']:g}",
        f"{row['trips']:g}",
        ", ".join(row["statuses"]),
    ]


def _loads(rows: Sequence[Row]) -> Iterable[str]:
    for load in dict.fromkeys((row["connections"], row["keys"]) for row in rows):
        shown = [row for row in rows if (row["connections"], row["keys"]) == load]
        yield _load(f"Over HTTP: {load[0]} connections, {load[1]:,} keys, one process on one core", shown)


def _load(title: str, rows: Sequence[Row]) -> str:
    floor = _named(rows, FLOOR)["rps"][0]
    best = max(_named(rows, peer)["rps"][0] for peer in PEERS)
    head = ("request", "requests/s (least–most)", "of the floor", "best peer", "p50 µs", "p99 µs", "not 2xx", "failed")
    return _titled(title, head, [_load_row(row, floor, best) for row in rows])


def _load_row(row: Row, floor: float, best: float) -> list[str]:
    median, least, most = row["rps"]
    return [
        row["name"],
        f"{median:,.0f} ({least:,.0f}–{most:,.0f})",
        f"{median / floor:.0%}",
        f"{median / best:.1f} ×",
        f"{row['p50'][0]:,.0f}",
        f"{row['p99'][0]:,.0f}",
        f"{row['refused']:,}",
        f"{row['failed']:,}",
    ]


def _flood(rows: Sequence[Row]) -> str:
    head = ("valid requests of", "requests/s", "p50 µs", "p99 µs")
    body = [[r["name"], f"{r['rps'][0]:,.0f}", f"{r['p50'][0]:,.0f}", f"{r['p99'][0]:,.0f}"] for r in rows]
    return _titled("Good keys on half of the connections, while the other half floods", head, body)


def _memory(found: Mapping[str, Any]) -> str:
    body = [
        [f"Redis, a key that is remembered and idle (of {found['keys']:,})", f"{found['idle_bytes']:.0f} bytes"],
        ["… with a request in its window and counts to bring away", f"+{found['window_and_counts_bytes']:.0f} bytes"],
        ["bringing away the counts of a key", f"{found['flush_us']:.0f} µs"],
        *_flooded("a thousand from each address", found["made_up"]),
        *_flooded("all from one address", found["made_up_here"]),
    ]
    return _titled("Memory", ("what", "how much"), body)


def _flooded(where: str, found: Mapping[str, float]) -> Iterable[list[str]]:
    yield [f"a made-up key ({found['count']:,} in a row, each another one, {where})", f"{found['us']:.0f} µs"]
    yield ["… what they left in Redis", f"{found['redis_bytes'] / 1e6:.1f} MB"]
    yield ["… what they left in the process", f"{found['process_bytes'] / 1e6:.1f} MB"]


def _lookup(found: Mapping[str, Mapping[str, Any]]) -> str:
    small, large = found["small"], found["large"]
    body = [
        [name, f"{small[key][0]:.0f}", f"{large[key][0]:.0f}", f"{large[key][0] / small[key][0]:.2f} ×"]
        for key, name in (("load", "a record, as the gate reads it"), ("statement", "the prepared statement"))
    ]
    head = ("look-up by digest, µs", f"{small['rows']:,} rows", f"{large['rows']:,} rows", "")
    return _titled("PostgreSQL", head, body)


def _named(rows: Sequence[Row], name: str) -> Row:
    return next(row for row in rows if row["name"] == name)


def _titled(title: str, head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *body)]
    return "\n".join([f"### {title}", "", *lines])
