"""What broadcasts and templates go through: which operation leads from which status to which, and when their content
may be changed.

boltkeys sends nothing. A step writes the new status down and is told to webhooks; a subscriber does the work, and says
by the operation `report` what came of it. Clients cannot write a status. What was approved or sent is what the record
says: its content stays, or the change of it is a step as well (`Machine.edits`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from apps.core.errors import Conflict
from apps.core.fields import Field
from apps.core.resources import Resource

STATUS = "status"

COUNTS = ("recipients", "delivered", "opened", "clicked", "replied", "undelivered", "unsubscribed")
"""What can be reported of a broadcast, in contacts."""


class IllegalStep(Conflict):
    """The record is in a `state` that rules out what was asked for; `possible` are the operations that lead on."""

    code = "illegal_step"

    def __init__(self, detail: str, state: str, possible: list[str]) -> None:
        super().__init__(detail)
        self.state = state
        self.possible = possible


@dataclass(frozen=True, slots=True)
class Step:
    """An operation. `leads`: to each status, the ones that it can be reached from.

    `takes`: what a client may send along; where there is more than one status to reach, `status` among it names one.
    `is_needed`: a catalogue that leaves it out has no machine; of the others it may have some.
    """

    operation: str
    leads: Mapping[str, tuple[str, ...]]
    takes: tuple[Field, ...] = ()
    is_needed: bool = True


@dataclass(frozen=True, slots=True)
class Machine:
    """`initial`: the status of a new record. `owned`: fields that operations alone write.

    `edits`: where a change of the content leads, by the status that it is made in; in every other the content stays as
    it is. Content are all fields that are neither owned nor `free`, which people write in any status.
    """

    initial: str
    owned: frozenset[str]
    steps: tuple[Step, ...]
    edits: Mapping[str, str]
    free: frozenset[str] = frozenset({"notes"})

    def step(self, operation: str) -> Step:
        return next(step for step in self.steps if step.operation == operation)

    def possible(self, status: str) -> list[str]:
        """The operations that lead on from `status`, in the order of the table."""
        return [step.operation for step in self.steps if any(status in before for before in step.leads.values())]

    def status_of(self, data: Mapping[str, object]) -> str:
        """Records from before there were steps have none, and begin at the beginning."""
        return str(data.get(STATUS) or self.initial)


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
            owned=frozenset({STATUS, "scheduled_at", "sent_at", *COUNTS}),
            edits={"draft": "draft", "failed": "failed"},
            steps=(
                Step("schedule", {"scheduled": ("draft",)}, (Field("scheduled_at", "Scheduled at", "date_time"),)),
                Step("unschedule", {"draft": ("scheduled",)}, is_needed=False),
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
            # What the provider is looking at stays; what it has judged is another text afterwards.
            edits={"draft": "draft", "approved": "draft", "rejected": "draft"},
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
    """The machine of a resource whose catalogue has all that it needs: the operations, and each status as an option.
    It has the steps that the catalogue covers.

    None for every other resource: its `status`, if it has one, is a field like any other.
    """
    machine = MACHINES.get(resource.slug)
    if machine is None or not {step.operation for step in machine.steps if step.is_needed} <= resource.operations:
        return None
    options = next((f.options for f in resource.fields if f.name == STATUS and f.type == "single_choice"), ())
    if not _statuses(machine) <= set(options):
        return None
    return replace(machine, steps=tuple(step for step in machine.steps if step.operation in resource.operations))


def illegal(machine: Machine, resource: Resource, state: str, why: str) -> IllegalStep:
    """`why` follows on what state the record is in."""
    possible = machine.possible(state)
    then = f"From here it can be: {', '.join(possible)}." if possible else "Nothing leads on from here."
    return IllegalStep(f"The {resource.singular} is {state}: {why}. {then}", state, possible)


def fixed(machine: Machine, resource: Resource, state: str, names: Sequence[str]) -> IllegalStep:
    """The refusal of a change of the content in a status that has none of `edits`."""
    first, last = ", ".join([*machine.edits][:-1]), [*machine.edits][-1]
    return illegal(machine, resource, state, f"{', '.join(names)} can be changed only while it is {first} or {last}")


def verbs(resource: Resource) -> list[str]:
    """The second words of the events (`broadcast.sent`) that steps and other operations of the resource cause."""
    machine = machine_of(resource)
    stepped = [verb for step in machine.steps for verb in verbs_of(step)] if machine else []
    if machine and "PATCH" in resource.methods:
        stepped += [verb_of(before, after) for before, after in machine.edits.items()]
    return list(dict.fromkeys([*stepped, *(v for operation, v in _MORE if operation in resource.operations)]))


def verbs_of(step: Step) -> list[str]:
    """Of the events that the step causes, in the order of the table."""
    return list(dict.fromkeys(verb_of(state, after) for after, before in step.leads.items() for state in before))


def verb_of(before: str, after: str) -> str:
    """What leaves the status as it is, is a change like others: nobody is told twice that it was sent."""
    if before == after:
        return "updated"
    return "drafted" if after == "draft" else after


_MORE = (("sync", "sync_requested"), ("tags", "tagged"), ("tags", "untagged"), ("messages", "messaged"))


def _statuses(machine: Machine) -> set[str]:
    return {machine.initial, *(status for step in machine.steps for status in step.leads)}
