"""Authentication by access token: a person who signed in by /v1/auth/login.

A user is judged by the rules for a user key that is bound to no project and restricted in nothing: an administrator can
do all that the catalogue has, others what they were granted, in the project that `X-Project` names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from apps.accounts import tokens
from apps.accounts.access import Rejected
from apps.api.authentication import USER_AGENT_MAX, VERDICT, Principal
from apps.api.declared import ANY_RESOURCE, OPTIONAL, PUBLIC, methods_of, resource_of
from apps.api.presented import looks_like_token, presented_key
from apps.api.problems import CHALLENGE, Problem
from apps.api.refusals import known, refusal
from apps.core import verify
from apps.core.client import client_ip
from apps.core.errors import Unavailable
from apps.core.records import KeyRecord
from apps.core.verify import Ask, Found, Judgement, Verdict
from apps.gate import gate
from apps.keys import loader
from apps.projects import catalogues

RATE_LIMIT = 600
"""Requests of one user in any 60 seconds, over all projects. Unlike keys, people have no limit of their own."""

_DETAILS: Mapping[str, str] = {
    "suspended": "The project is suspended. An operator of this installation can help.",
    "unknown_project": "There is no such project, or you are not in it.",
    "ambiguous_project": "You are in more than one project. Name one of them in the header X-Project.",
    "rate_limited": f"You have made {RATE_LIMIT} requests in 60 seconds. Wait as Retry-After says.",
}


class UserAuthentication(BaseAuthentication):
    """Lets in who presents an access token, for what the view declares. Stands after `ApiKeyAuthentication`.

    `request.user` is a `Principal` of the kind `user`, `request.auth` the `Verdict`.
    """

    def authenticate(self, request: Request) -> tuple[Principal, Verdict] | None:
        view = request.parser_context["view"]
        presented = None if resource_of(view) is PUBLIC else presented_key(request.META)
        if presented is None:
            return None
        verdict = _verdict(_record(request, presented), _ask(request, view))
        request.META[VERDICT] = verdict
        if not verdict:
            raise _refusal(verdict, view)
        record, _, project = known(verdict)
        return Principal("user", record, project), verdict


def _record(request: Request, presented: str) -> KeyRecord:
    try:
        if "HTTP_X_API_KEY" in request.META or not looks_like_token(presented):
            raise Rejected("X-API-Key is for API keys. Send an access token as Authorization: Bearer ….")
        return loader.record_of_user(tokens.user_of(presented), RATE_LIMIT)
    except Rejected as fault:
        raise rejected(fault) from None


def rejected(fault: Rejected) -> Problem:
    """A token that is no good, as RFC 6750 §3.1 has it."""
    return Problem(fault.code, fault.detail, {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})


def _ask(request: Request, view: Any) -> Ask:
    """For a view that manages the project nothing but a project is asked: its permission looks at the user's role."""
    resource = resource_of(view)
    method = request.method if request.method in methods_of(view) else ""
    is_any = resource in {ANY_RESOURCE, OPTIONAL}
    return Ask(
        resource=None if is_any else str(resource),
        method=method or "",
        operation=getattr(view, "operation", None) if method and not is_any else None,
        project=request.META.get("HTTP_X_PROJECT") or None,
        ip=client_ip(request.META, settings.TRUSTED_PROXIES),
        user_agent=str(request.META.get("HTTP_USER_AGENT", ""))[:USER_AGENT_MAX],
    )


def _verdict(record: KeyRecord, ask: Ask) -> Verdict:
    """Judged and counted like a key. The record was read at its source just now, so that no cache is asked."""
    judgement: Judgement = verify.judge(record, ask, catalogues.load())
    admission = gate.current().admit(_digest(record), Found(record), ask, judgement)
    if admission is None:
        raise Unavailable("Your rights changed meanwhile. Try again.")
    return Verdict(admission.code, record, judgement, admission.rate)


def _digest(record: KeyRecord) -> bytes:
    """Where the limit of a user is counted: no key has such a digest."""
    return hashlib.sha256(f"user {record.key_id}".encode()).digest()


def _refusal(verdict: Verdict, view: Any) -> Problem:
    problem = refusal(verdict, view)
    problem.text = _DETAILS.get(verdict.code, problem.text)
    if verdict.code == "missing_scope" and verdict.judgement and verdict.judgement.required:
        problem.text = f"This needs {verdict.judgement.required}: an administrator of the project can grant it to you."
    return problem
