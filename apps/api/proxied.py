"""GET /gate: may the request that a proxy has at hand go on?

The proxy says which one by `X-Original-Method` and `X-Original-URI` (nginx, HAProxy) or by `X-Forwarded-Method` and
`X-Forwarded-Uri` (Caddy, Traefik). What stands after `/gate` in the path that the proxy was configured to ask, such as
`/gate/api/v2`, is the prefix of the API's own paths: no client can change it, as it could a query or a header.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.api import identity
from apps.api.calls import Answer, Call, Question
from apps.api.identity import NOBODY, Header
from apps.api.problems import Problem
from apps.api.refusals import known, refusal
from apps.core import original
from apps.core.original import Original
from apps.core.resources import METHODS
from apps.core.verify import Verdict
from apps.projects import catalogues

PATH = "/gate"
ALLOWED = ("GET", "HEAD")

PROBLEM_HEADER = "X-Boltkeys-Problem"

_NOTHING = Original("")
"""What cannot be read is judged as a resource that no catalogue has: the key is verified, counted and refused."""


def read(call: Call) -> Question:
    """What the gate is to be asked. Raises a 400 when the proxy did not say what it asks about."""
    method, uri = _asked_about(call.META)
    named = _named(call, uri)
    return call.question(resource=named.resource, method=method, below=named.below)


def answer(call: Call, question: Question, verdict: Verdict) -> Answer:
    if verdict.code == "unknown_action":
        raise _no_action(verdict, question.ask.below)
    if not verdict:
        raise refusal(verdict, None)
    record, _, project = known(verdict)
    return Answer(204, identity.headers(record, project))


def _named(call: Call, uri: str) -> Original:
    return original.read(uri, call.path[len(PATH) :].rstrip("/")) or _NOTHING


def refusal_headers(call: Call, body: bytes) -> list[Header]:
    """What a refusal says beside the problem: that nobody was recognised, and to nginx the problem once more.

    nginx's `auth_request` throws the body of the answer away.
    """
    told = [(PROBLEM_HEADER, body.decode("ascii"))] if "HTTP_X_ORIGINAL_URI" in call.META else []
    return [*NOBODY, *told]


def _asked_about(meta: Mapping[str, Any]) -> tuple[str, str]:
    """Method and URI of the request that the proxy asks about, from the one pair of headers that came."""
    original_method, original_uri = meta.get("HTTP_X_ORIGINAL_METHOD"), meta.get("HTTP_X_ORIGINAL_URI")
    forwarded_method, forwarded_uri = meta.get("HTTP_X_FORWARDED_METHOD"), meta.get("HTTP_X_FORWARDED_URI")
    if forwarded_method is None and forwarded_uri is None and original_method and original_uri:
        return original_method, original_uri
    if original_method is None and original_uri is None and forwarded_method and forwarded_uri:
        return forwarded_method, forwarded_uri
    detail = (
        "Say which request you ask about: X-Original-Method and X-Original-URI, or X-Forwarded-Method and "
        "X-Forwarded-Uri. One of the two pairs, whole, and nothing of the other."
    )
    raise Problem("bad_request", detail)


def _no_action(verdict: Verdict, below: tuple[str, ...]) -> Problem:
    """405 where another method could do something, 404 where none can."""
    _, judgement, project = known(verdict)
    resource = catalogues.get(project.catalogue).resources[judgement.resource]
    allowed = [method for method in METHODS if original.action_for(resource, method, below)]
    if not allowed:
        return Problem("not_found", f"{resource.label} has nothing of this name that a key can be let in to.")
    detail = f"{resource.label} can be asked for {', '.join(allowed)} here."
    return Problem("method_not_allowed", detail, {"Allow": ", ".join(allowed)})
