"""POST /v1/verify: is this key good, and good for that? For services that check keys in their own code."""

from __future__ import annotations

from typing import Any

from apps.api import bodies, identity, preferences
from apps.api.calls import Answer, Call, Question
from apps.api.parsers import check_media_type, parse_object
from apps.api.problems import Problem
from apps.api.refusals import known, refusal
from apps.core.errors import FieldError, Invalid, invalid
from apps.core.fields import pointer
from apps.core.verify import Verdict
from apps.projects import catalogues

PATH = "/v1/verify"
ALLOWED = ("POST",)

MEMBERS = ("resource", "action")


def read(call: Call) -> Question:
    """What the gate is to be asked.

    Who may not come in learns nothing else, as with every other call; and the call is counted: so a fault waits for
    the verdict.
    """
    try:
        asked = _asked(call)
    except (Problem, Invalid) as fault:
        return call.question(resource=None)._replace(fault=fault)
    call.ignored = [name for name in asked if name not in MEMBERS]
    return call.question(resource=asked.get("resource"), action=asked.get("action"))


def answer(call: Call, question: Question, verdict: Verdict) -> Answer:
    if verdict.code in ("unknown_resource", "unknown_action"):
        what = "action" if verdict.code == "unknown_action" else "resource"
        raise _unknown(verdict, what, getattr(question.ask, what))
    if not verdict:
        raise refusal(verdict, None)
    if question.fault is not None:
        raise question.fault
    return _good(call, verdict)


def _asked(call: Call) -> dict[str, Any]:
    """The object that was sent; empty when no body was. Raises what the parser raises, and a 422 for each fault."""
    body = bodies.whole(call.META)
    if not body:
        return {}
    check_media_type(str(call.META.get("CONTENT_TYPE", "")))
    asked = parse_object(body)
    errors = [
        FieldError(pointer(name), f"The {name} must be text.", "type")
        for name in MEMBERS
        if not isinstance(asked.get(name), str | None)
    ]
    if asked.get("action") is not None and asked.get("resource") is None:
        errors.append(FieldError("/resource", "An action is one of a resource: name that, too.", "required"))
    if preferences.is_strict(call):
        errors += [
            FieldError(pointer(name), "There is no such field. Names count exactly, case and all.", "unknown_field")
            for name in asked
            if name not in MEMBERS
        ]
    if errors:
        raise Invalid(errors)
    return asked


def _unknown(verdict: Verdict, what: str, given: object) -> Invalid:
    _, judgement, project = known(verdict)
    resources = catalogues.get(project.catalogue).resources
    choices = [a.slug for a in resources[judgement.resource].actions] if what == "action" else list(resources)
    wrong = f"There is no such {what}." if given is not None else f"Name the {what}, too."
    return invalid(f"/{what}", f"{wrong} There is: {', '.join(choices)}.", verdict.code)


def _good(call: Call, verdict: Verdict) -> Answer:
    record, _, project = known(verdict)
    if verdict.rate is None:
        raise RuntimeError("A verdict ok without a rate.")
    headers = [("Content-Type", "application/json"), *preferences.headers(call, call.ignored).items()]
    return Answer(200, headers, identity.verdict(record, project, verdict.rate))
