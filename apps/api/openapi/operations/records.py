"""Records, and figures computed from them."""

from __future__ import annotations

from apps.api import resources
from apps.api.openapi import parameters, records
from apps.api.openapi.described import NOTHING, At, Operation, describes, ref, returns
from apps.records.steps import Machine, machine_of


@describes(resources.Records, "GET")
def list_records(at: At) -> Operation:
    slug, label = at.resource.slug, at.resource.label.lower()
    query = parameters.filters(at.fields)
    if at.resource.kind != "analytics":
        paging = [parameters.limit(), parameters.after(), parameters.order_of_records(), parameters.updated_since()]
        query = [*paging, *query]
    answers = returns(ref(f"{at.prefix}List"), f"A page of {label}.")
    return Operation(answers, query=query, codes=["invalid"], id=f"list_{slug}", summary=f"List {label}")


@describes(resources.Records, "POST")
def create_record(at: At) -> Operation:
    """Create a record

    Names count exactly. Those that no field has are ignored, and listed in `Boltkeys-Ignored-Fields`.
    """
    return Operation(
        returns(ref(at.prefix), f"The new {at.thing}.", 201),
        body=ref(f"{at.prefix}Create"),
        codes=["invalid"],
        example=records.example(at, whole=True),
        id=f"create_{at.resource.singular}",
        summary=f"Create a {at.thing}",
    )


@describes(resources.Record, "GET")
def read_record(at: At) -> Operation:
    answers = returns(ref(at.prefix), f"The {at.thing}.")
    return Operation(answers, codes=["not_found"], id=f"read_{at.resource.singular}", summary=f"Read a {at.thing}")


@describes(resources.Record, "PATCH")
def update_record(at: At) -> Operation:
    """Change a record

    Only what is sent is changed; `null` empties a field.
    """
    machine = machine_of(at.resource)
    return Operation(
        returns(ref(at.prefix), f"The {at.thing} as it is now."),
        body=ref(f"{at.prefix}Update"),
        codes=["not_found", "invalid", *(["illegal_step"] if machine else [])],
        example=records.example(at, whole=False),
        id=f"update_{at.resource.singular}",
        summary=f"Change a {at.thing}",
        description=_edits(at, machine) if machine else "",
    )


def _edits(at: At, machine: Machine) -> str:
    """When the content may be changed, and what comes of it."""
    statuses = [
        f"`{status}`" if status == to else f"`{status}` (which makes it a `{to}`)"
        for status, to in machine.edits.items()
    ]
    free = [f"`{field.name}`" for field in at.fields if field.key in machine.free]
    always = f", but for {', '.join(free)}" if free else ""
    return (
        "Only what is sent is changed; `null` empties a field. "
        f"The content can be changed in the status {', '.join(statuses)}. In every other it is a 409{always}."
    )


@describes(resources.Record, "DELETE")
def delete_record(at: At) -> Operation:
    return Operation(NOTHING, codes=["not_found"], id=f"delete_{at.resource.singular}", summary=f"Delete a {at.thing}")


@describes(resources.Schema, "GET")
def read_schema(at: At) -> Operation:
    """Read the fields

    Name, label, type, options of each, as they are configured in the project.
    """
    answers = returns(ref(records.SCHEMA), "The fields, in their order.")
    return Operation(
        answers, id=f"read_{at.resource.slug}_schema", summary=f"Read the fields of {at.resource.label.lower()}"
    )
