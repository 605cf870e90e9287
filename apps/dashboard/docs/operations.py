"""The operations that boltkeys serves for a catalogue, as the documentation lists them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.core.catalogue import Catalogue, Resource
from apps.records.steps import Machine, Step, machine_of, verb_of


@dataclass(frozen=True, slots=True)
class Way:
    """From which statuses to which, and the events that tell of it."""

    before: Sequence[str]
    after: str
    events: Sequence[str]


@dataclass(frozen=True, slots=True)
class Request:
    """`name`: of the operation, or the method of a change that is a step. `scope`: what a key needs. `is_report`: it is
    for the service that does the work."""

    name: str
    scope: str
    ways: Sequence[Way]
    is_report: bool = False


@dataclass(frozen=True, slots=True)
class Steps:
    """What a resource goes through. `owned`: fields that operations alone write; `free`: those that stay open."""

    resource: Resource
    statuses: Sequence[str]
    requests: Sequence[Request]
    edits: Sequence[str]
    owned: Sequence[str]
    free: Sequence[str]


@dataclass(frozen=True, slots=True)
class Other:
    """An operation that leads to no other status."""

    request: str
    scope: str
    does: str
    events: Sequence[str]


_OTHERS = (
    ("contacts", "tags", "PUT", "/{id}/tags/{tag}", "Adds a tag.", ("tagged",)),
    ("contacts", "tags", "DELETE", "/{id}/tags/{tag}", "Takes a tag off.", ("untagged",)),
    ("inbox", "messages", "POST", "/{id}/messages", "Adds a message. Your service sends it.", ("messaged",)),
    ("inbox", "messages.list", "GET", "/{id}/messages", "Lists the messages.", ()),
    ("broadcasts", "metrics", "GET", "/{id}/metrics", "What was reported last.", ()),
    ("templates", "sync", "POST", "/sync", "Asks your service to compare with the provider.", ("sync_requested",)),
)
"""Resource, operation, method, path, what it does, verbs of its events."""


def steps(catalogue: Catalogue) -> list[Steps]:
    """Of each resource that has them."""
    machines = ((resource, machine_of(resource)) for resource in catalogue.resources.values())
    return [_steps(resource, machine) for resource, machine in machines if machine is not None]


def others(catalogue: Catalogue) -> list[Other]:
    return list(_others(catalogue))


def _others(catalogue: Catalogue) -> Iterator[Other]:
    for slug, operation, method, path, does, verbs in _OTHERS:
        resource = catalogue.resources.get(slug)
        if resource is not None and operation in resource.operations:
            events = [f"{resource.singular}.{verb}" for verb in verbs]
            yield Other(f"{method} /v1/{slug}{path}", _scope(resource, None, operation), does, events)


def _steps(resource: Resource, machine: Machine) -> Steps:
    names = [field.name for field in resource.fields]
    status = next(field for field in resource.fields if field.name == "status")
    requests = [_request(resource, step) for step in machine.steps]
    if "PATCH" in resource.methods:
        requests += _edit(resource, machine)
    return Steps(
        resource,
        status.options,
        requests,
        [*machine.edits],
        [name for name in names if name in machine.owned],
        [name for name in names if name in machine.free],
    )


def _request(resource: Resource, step: Step) -> Request:
    ways = [way for after, before in step.leads.items() for way in _ways(resource, before, after)]
    return Request(step.operation, _scope(resource, "POST", step.operation), ways, step.operation == "report")


def _ways(resource: Resource, before: Sequence[str], after: str) -> list[Way]:
    """One for all statuses that are left by the same event."""
    verbs = {status: verb_of(status, after) for status in before}
    return [
        Way([status for status in before if verbs[status] == verb], after, [f"{resource.singular}.{verb}"])
        for verb in dict.fromkeys(verbs.values())
    ]


def _edit(resource: Resource, machine: Machine) -> list[Request]:
    """A change of the content, where it is a step."""
    after = machine.initial
    before = [status for status, to in machine.edits.items() if to == after != status]
    events = [f"{resource.singular}.updated", f"{resource.singular}.{verb_of('', after)}"]
    scope = _scope(resource, "PATCH", None)
    return [Request("PATCH", scope, [Way(before, after, events)])] if before else []


def _scope(resource: Resource, method: str | None, operation: str | None) -> str:
    action = resource.action_for(method or "", operation)
    return f"{resource.slug}:{action.slug}" if action else ""
