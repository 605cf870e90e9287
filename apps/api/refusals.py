"""A verdict that is not `ok`, as the answer that the client gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from apps.api.declared import has_method, methods_of
from apps.api.limits import POLICY, WINDOW_SECONDS
from apps.api.problems import CHALLENGE, QUOTA_EXCEEDED, Problem
from apps.core.catalogue import Catalogue
from apps.core.grants import permits
from apps.core.records import KeyRecord, ProjectRecord
from apps.core.times import rfc3339
from apps.core.verify import Judgement, Verdict, effective_scopes
from apps.projects import catalogues

CHOICES_MAX = 20
"""Projects named to somebody who has to choose: `/gate` says it in a header, for which proxies have little room."""

_DETAILS: Mapping[str, str] = {
    "malformed": "This is not an API key: it may be mistyped or cut off. Copy it again, or create a new one.",
    "unknown": "There is no such API key. Copy it again, or create a new one.",
    "expired": "The API key has expired. Create a new one.",
    "revoked": "The API key has been revoked and cannot be used again. Create a new one.",
    "deleted": "The API key has been deleted and cannot be used again. Create a new one.",
    "suspended": "The project, or the owner of the key, is suspended. An administrator of the project can help.",
    "ip_denied": "The API key may not be used from this address. An administrator of the project can help.",
    "unknown_project": "X-Project names no project that this key reaches.",
    "unknown_resource": "The project has no such resource.",
    "ambiguous_project": "The key reaches more than one project. Name one of them in the header X-Project.",
}


def refusal(verdict: Verdict, view: Any) -> Problem:
    """The problem that tells the client of `view` what to do about it."""
    if verdict.code == "unknown_action":
        return _method_not_allowed(verdict, view)
    if verdict.code in {"unknown_project", "ambiguous_project"} and view and not has_method(view, view.request.method):
        return _no_method(view)
    make = _MAKERS.get(verdict.code)
    if make is not None:
        return make(verdict)
    return Problem(verdict.code, _DETAILS[verdict.code])


def _no_method(view: Any) -> Problem:
    """What the route does not have, it has in no project: that comes before the question which one is meant."""
    allowed = {"Allow": ", ".join(methods_of(view))}
    return Problem("method_not_allowed", "This address does not support the method.", allowed)


def known(verdict: Verdict) -> tuple[KeyRecord, Judgement, ProjectRecord]:
    """What the verdict was given on; only for codes that say that there are a key and a project."""
    if verdict.record is None or verdict.judgement is None or verdict.judgement.project is None:
        raise RuntimeError(f"A verdict {verdict.code} without a key or a project.")
    return verdict.record, verdict.judgement, verdict.judgement.project


def _invalid_token(verdict: Verdict) -> Problem:
    """RFC 6750 §3.1. Which of revoked, deleted and expired it is, is named to those alone who have the secret."""
    ended = verdict.record.expires_at if verdict.record and verdict.code == "expired" else None
    detail = _expired(ended) if ended else _DETAILS[verdict.code]
    return Problem(verdict.code, detail, {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})


def _expired(at: float) -> str:
    return f"The API key expired on {rfc3339(datetime.fromtimestamp(at, UTC))}. Create a new one."


def _missing_scope(verdict: Verdict) -> Problem:
    record, judgement, project = known(verdict)
    required = judgement.required
    catalogue = catalogues.get(project.catalogue)
    granted = effective_scopes(record, project, catalogue)
    members = {"required_scope": required, "granted_scopes": [scope for scope in catalogue.scopes if scope in granted]}
    challenge = f'{CHALLENGE}, error="insufficient_scope"'
    if required is None:
        detail = "No API key of this project can do this: an administrator can, with an access token."
        return Problem("missing_scope", detail, {"WWW-Authenticate": challenge}, members)
    detail = f"This needs the permission {required}. {_advice(record, catalogue, required)}"
    return Problem("missing_scope", detail, {"WWW-Authenticate": f'{challenge}, scope="{required}"'}, members)


def _advice(record: KeyRecord, catalogue: Catalogue, required: str) -> str:
    if record.owner and (record.unrestricted or permits(catalogue, record.scopes, required)):
        return "The owner of the key does not have it here: an administrator of the project can give it."
    return "A key cannot be given more: create one that has it."


def _rate_limited(verdict: Verdict) -> Problem:
    if verdict.rate is None:
        return _flooded()
    seconds = max(1, verdict.rate.reset_seconds)
    return Problem(
        "rate_limited",
        f"The key has made all the requests that it may make in any {WINDOW_SECONDS} seconds. Wait {seconds} s.",
        {"Retry-After": str(seconds)},
        {"type": QUOTA_EXCEEDED, "retry_after": seconds, "violated-policies": [POLICY]},
    )


def _flooded() -> Problem:
    detail = f"Too many unknown API keys have come from this address. Check the key, and wait {WINDOW_SECONDS} s."
    return Problem("rate_limited", detail, {"Retry-After": str(WINDOW_SECONDS)}, {"retry_after": WINDOW_SECONDS})


def _ambiguous_project(verdict: Verdict) -> Problem:
    choices = verdict.judgement.choices if verdict.judgement else ()
    return Problem(verdict.code, _DETAILS[verdict.code], members={"choices": sorted(choices)[:CHOICES_MAX]})


def _method_not_allowed(verdict: Verdict, view: Any) -> Problem:
    _, judgement, project = known(verdict)
    resource = catalogues.get(project.catalogue).resources[judgement.resource]
    allowed = methods_of(view)
    operation_for: Callable[[str], str | None] | None = getattr(view, "operation_for", None)
    if operation_for is not None:
        allowed = [method for method in allowed if operation_for(method) in resource.operations]
    elif getattr(view, "operation", None) is None:
        allowed = [method for method in allowed if method in resource.methods]
    detail = f"{resource.label} can be asked for {', '.join(allowed) or 'nothing'} here."
    return Problem("method_not_allowed", detail, {"Allow": ", ".join(allowed)})


_MAKERS: Mapping[str, Callable[[Verdict], Problem]] = {
    "malformed": _invalid_token,
    "unknown": _invalid_token,
    "revoked": _invalid_token,
    "deleted": _invalid_token,
    "expired": _invalid_token,
    "missing_scope": _missing_scope,
    "rate_limited": _rate_limited,
    "ambiguous_project": _ambiguous_project,
}
