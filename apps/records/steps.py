"""What broadcasts and templates go through: which operation leads from which status to which.

boltkeys sends nothing. A step writes the new status down and is told to webhooks; a subscriber does the work, and says
by the operation `report` what came of it. No other way leads to a status: clients cannot write it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from apps.core.fields import Field
from apps.core.resources import Resource

STATUS = "status"

COUNTS = ("recipients", "delivered", "opened", "clicked", "replied", "undelivered", "unsubscribed")
"""What can be reported of a broadcast, in contacts."""


@dataclass(frozen=True, slots=True)
class Step:
    """An operation. `leads`: to each status, the ones that it can be reached from.

    `takes`: what a client may send along; where there is more than one status to reach, `status` among it names one.
    """

    operation: str
    leads: Mapping[str, tuple[str, ...]]
    takes: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    """`initial`: the status of a new record. `owned`: fields that operations alone write."""

    initial: str
    owned: frozenset[str]
    steps: tuple[Step, ...]

    def step(self, operation: str) -> Step:
        return next(step for step in self.steps if step.operation == operation)

    def possible(self, status: str) -> list[str]:
        """The operations that lead on from `status`, in the order of the table."""
        return [step.operation for step in self.steps if any(status in before for before in step.leads.values())]


def _reported(*statuses: str) -> Field:
    return Field(STATUS, "Status", "single_choice", required=True, options=statuses)


_BROADCAST_REPORT = (
    _reported("sending", "sent", "failed"),
    *(Field(name, name.capitalize(), "integer") for name in COUNTS),
    Field("reason", "Reason", "text"),
)

MACHINES: Mapping[str, Machine] = MappingProxyType(
    {
        "broadcasts": Machine(
            initial="draft",
            owned=frozenset({STATUS, "sent_at"}),
            steps=(
                Step("schedule", {"scheduled": ("draft",)}, (Field("scheduled_at", "Scheduled at", "date_time"),)),
                Step("send", {"sending": ("draft", "scheduled")}),
                Step("retry", {"sending": ("failed",)}),
                # How far it has got, how it ended, and what was still counted afterwards.
                Step(
                    "report",
                    {"sending": ("sending",), "sent": ("sending", "sent"), "failed": ("sending",)},
                    _BROADCAST_REPORT,
                ),
            ),
        ),
        "templates": Machine(
            initial="draft",
            owned=frozenset({STATUS, "rejection_reason"}),
            steps=(
                Step("submit", {"submitted": ("draft", "rejected")}),
                # Providers take an approval back.
                Step(
                    "report",
                    {"approved": ("submitted",), "rejected": ("submitted", "approved")},
                    (_reported("approved", "rejected"), Field("rejection_reason", "Reason of rejection", "text")),
                ),
            ),
        ),
    }
)
"""By the slug of the resource."""


def machine_of(resource: Resource) -> Machine | None:
    """The machine of a resource whose catalogue has all that it needs: each operation, and each status as an option.

    None for every other resource: its `status`, if it has one, is a field like any other.
    """
    machine = MACHINES.get(resource.slug)
    if machine is None or not {step.operation for step in machine.steps} <= resource.operations:
        return None
    options = next((f.options for f in resource.fields if f.name == STATUS and f.type == "single_choice"), ())
    return machine if _statuses(machine) <= set(options) else None


def verbs(resource: Resource) -> list[str]:
    """The second words of the events (`broadcast.sent`) that operations of the resource cause."""
    machine = machine_of(resource)
    stepped = [status for step in machine.steps for status in step.leads] if machine else []
    return list(dict.fromkeys([*stepped, *(v for operation, v in _MORE if operation in resource.operations)]))


_MORE = (("sync", "sync_requested"), ("tags", "tagged"), ("tags", "untagged"), ("messages", "messaged"))


def _statuses(machine: Machine) -> set[str]:
    return {machine.initial, *(status for step in machine.steps for status in step.leads)}
