"""The usage of a key as bars: positions and sizes for an SVG that needs no script and no style of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

WIDTH, HEIGHT = 720, 160
GAP = 0.25
"""Of the width that a bar has, the part that is left free."""

MARKS = 8
"""How many slots are named on the axis at most."""

WINDOWS: Mapping[str, str] = {"24h": "24 hours", "7d": "7 days", "30d": "30 days"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour or day, with refused requests on top of accepted ones. `mark`: how it is named on the axis, if it is."""

    label: str
    mark: str
    accepted: int
    refused: int
    x: float
    width: float
    accepted_y: float
    accepted_height: float
    refused_y: float
    refused_height: float


@dataclass(frozen=True, slots=True)
class Chart:
    bars: tuple[Bar, ...]
    highest: int
    accepted: int
    refused: int
    unit: str


def bars(hours: Mapping[datetime, Mapping[bool, int]], now: datetime, window: str) -> Chart:
    """Counts by hour (24h) or by day in the reader's zone; slots without requests are there with zero."""
    slots = _slots(now, window)
    counts = {slot: {True: 0, False: 0} for slot in slots}
    for hour, numbers in hours.items():
        slot = _slot(hour, window)
        if slot in counts:
            for accepted, number in numbers.items():
                counts[slot][accepted] += number
    return _draw(counts, window)


def _draw(counts: Mapping[datetime, Mapping[bool, int]], window: str) -> Chart:
    highest = max(sum(numbers.values()) for numbers in counts.values())
    room, scale = WIDTH / len(counts), HEIGHT / max(highest, 1)
    drawn = tuple(
        _bar(
            label=f"{timezone.localtime(slot):%H:%M}" if window == "24h" else f"{slot.day} {slot:%b}",
            mark=_mark(len(counts) - 1 - i, every=-(-len(counts) // MARKS)),
            numbers=numbers,
            left=i * room,
            room=room,
            scale=scale,
        )
        for i, (slot, numbers) in enumerate(counts.items())
    )
    return Chart(
        bars=drawn,
        highest=highest,
        accepted=sum(bar.accepted for bar in drawn),
        refused=sum(bar.refused for bar in drawn),
        unit="hour" if window == "24h" else "day",
    )


def _mark(from_the_end: int, every: int) -> str:
    """`major` for every second name, which narrow screens have room for, `minor` for those between, else ""."""
    count, rest = divmod(from_the_end, every)
    return "" if rest else "minor" if count % 2 else "major"


def _slot(moment: datetime, window: str) -> datetime:
    """The start of its hour, told apart in UTC also while clocks are put back, or of its day where the reader is."""
    if window == "24h":
        return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return timezone.localtime(moment).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def _slots(now: datetime, window: str) -> list[datetime]:
    """From the slot in which the window begins to the one that runs now."""
    length, step = {"24h": (24, 1), "7d": (7 * 24, 24), "30d": (30 * 24, 24)}[window]
    moments = [now - timedelta(hours=hours) for hours in range(length, -1, -step)]
    return list(dict.fromkeys(_slot(moment, window) for moment in [*moments, now]))


def _bar(*, label: str, mark: str, numbers: Mapping[bool, int], left: float, room: float, scale: float) -> Bar:
    accepted, refused = numbers[True] * scale, numbers[False] * scale
    return Bar(
        label=label,
        mark=mark,
        accepted=numbers[True],
        refused=numbers[False],
        x=round(left + room * GAP / 2, 2),
        width=round(room * (1 - GAP), 2),
        accepted_y=round(HEIGHT - accepted, 2),
        accepted_height=round(accepted, 2),
        refused_y=round(HEIGHT - accepted - refused, 2),
        refused_height=round(refused, 2),
    )
