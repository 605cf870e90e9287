"""Operations of the catalogue on records."""

from __future__ import annotations

from apps.api import operations as views
from apps.api.openapi import parameters, records, values
from apps.api.openapi.described import NOTHING, At, Operation, Schema, describes, ref, returns
from apps.core.fields import Field
from apps.records import operations as service
from apps.records.steps import COUNTS, Step, machine_of


@describes(views.TakeStep, "POST")
def take_step(at: At) -> Operation:
    step = _step(at)
    leads = "; ".join(f"{', '.join(before)} → {after}" for after, before in step.leads.items())
    return Operation(
        returns(ref(at.prefix), f"The {at.thing} as it is now."),
        body=_body(step.takes),
        is_body_needed=any(field.required for field in step.takes),
        codes=["not_found", "illegal_step", "invalid"],
        example={field.name: values.example(field) for field in step.takes if field.required} or None,
        id=f"{at.operation}_{at.resource.singular}",
        summary=f"{at.operation.capitalize()} a {at.thing}",
        description=f"Leads from status to status: {leads}. Every other step is a 409. boltkeys itself sends nothing: "
        "who has subscribed to the event does the work.",
    )


@describes(views.Metrics, "GET")
def read_broadcast_metrics(at: At) -> Operation:
    """Read the metrics of a broadcast

    What was reported last; null is what nobody has reported.
    """
    return Operation(returns(ref(records.METRICS), "The metrics."), codes=["not_found"])


@describes(views.Tag, "PUT")
def add_contact_tag(at: At) -> Operation:
    """Add a tag to a contact

    A tag that is there already stays.
    """
    return Operation(
        returns(ref(records.TAGS), "All tags of the contact."),
        body={"type": "object"},
        is_body_needed=False,
        codes=["not_found", "conflict", "invalid"],
    )


@describes(views.Tag, "DELETE")
def remove_contact_tag(at: At) -> Operation:
    """Remove a tag from a contact

    One that is not there is no fault.
    """
    return Operation(NOTHING, codes=["not_found", "invalid"])


@describes(views.Messages, "GET")
def list_messages(at: At) -> Operation:
    """List the messages of a conversation"""
    query = [parameters.limit(), parameters.after(), parameters.order(views.MESSAGE_ORDERS)]
    answers = returns(ref(f"{records.MESSAGE}List"), "A page of messages.")
    return Operation(answers, query=query, codes=["not_found", "invalid"])


@describes(views.Messages, "POST")
def send_message(at: At) -> Operation:
    """Add a message to a conversation

    `direction` is `outbound` unless told otherwise. boltkeys itself sends nothing: who has subscribed to the event does
    the work.
    """
    return Operation(
        returns(ref(records.MESSAGE), "The message.", 201),
        body=_body(service.MESSAGE_FIELDS),
        codes=["not_found", "invalid"],
        example={"text": "Your order is on its way."},
    )


@describes(views.Sync, "POST")
def sync_templates(at: At) -> Operation:
    """Ask for a sync of the templates with the provider"""
    return Operation(
        returns(ref(records.SYNC), "It was asked for.", 202),
        body={"type": "object"},
        is_body_needed=False,
        codes=["invalid"],
    )


def _step(at: At) -> Step:
    machine = machine_of(at.resource)
    if machine is None:
        raise LookupError(f"{at.resource.slug} has no steps.")
    return machine.step(at.operation)


def _body(takes: tuple[Field, ...]) -> Schema:
    required = [field.name for field in takes if field.required]
    asked = {"required": required} if required else {}
    return {"type": "object", **asked, "properties": {field.name: _taken(field) for field in takes}}


def _taken(field: Field) -> Schema:
    return values.sent(field) | ({"minimum": 0} if field.name in COUNTS else {})
