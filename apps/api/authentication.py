"""Authentication by API key: the one place where a request meets the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from apps.api.declared import PUBLIC, Declared, has_method, resource_of
from apps.api.presented import looks_like_token, presented_key
from apps.api.problems import CHALLENGE
from apps.api.refusals import known, refusal
from apps.core.actor import Actor
from apps.core.catalogue import Catalogue
from apps.core.client import client_ip
from apps.core.records import KeyRecord, ProjectRecord
from apps.core.verify import Ask, Verdict, effective_scopes
from apps.gate import gate
from apps.gate.ahead import Pending
from apps.keys import queries as keys
from apps.projects import catalogues

VERDICT = "boltkeys.verdict"
"""Where the verdict stands in `request.META`, for the headers of the answer."""

AHEAD = "boltkeys.ahead"
"""Where the question stands that `apps.api.ahead` has put before Django began."""

USER_AGENT_MAX = 200


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request was authenticated as: a key or a user, and the project that the request is about.

    A user (`apps.api.users`) is judged as a key that can do all that its owner can: `key` is that record.
    """

    kind: Literal["key", "user"]
    key: KeyRecord
    project: ProjectRecord
    is_authenticated: ClassVar[bool] = True

    @property
    def catalogue(self) -> Catalogue:
        return catalogues.get(self.project.catalogue)

    @property
    def scopes(self) -> list[str]:
        """What it may do in the project now, in the catalogue's order."""
        effective = effective_scopes(self.key, self.project, self.catalogue)
        return [scope for scope in self.catalogue.scopes if scope in effective]


class ApiKeyAuthentication(BaseAuthentication):
    """Lets in who presents a key that is good for what the view declares as its `resource` (and `operation`).

    `request.user` is the `Principal`, `request.auth` the `Verdict`. The gate is asked, and the request counted, once.
    """

    def authenticate(self, request: Request) -> tuple[Principal, Verdict] | None:
        view = request.parser_context["view"]
        meta = request._request.META  # past the framework's own look-up, which takes as long as judging the key
        question = question_of(meta, view)
        if question is None:
            return None
        ahead: Pending | None = meta.get(AHEAD)
        verdict = ahead.verdict(*question) if ahead is not None else None
        if verdict is None:
            verdict = gate.verify(*question)
        meta[VERDICT] = verdict
        if not verdict:
            raise refusal(verdict, view)
        record, _, project = known(verdict)
        return Principal("key", record, project), verdict

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def principal_of(request: Request) -> Principal:
    """Who the request was authenticated as; for views that a key is needed for."""
    return cast(Principal, request.user)


def actor_of(request: Request) -> Actor:
    """The principal as the cause of a change, by the name that administrators know it by."""
    principal = principal_of(request)
    owner, key_id = principal.key.owner, principal.key.key_id
    name = owner.email if principal.kind == "user" and owner else keys.name_of(key_id)
    return Actor(principal.kind, key_id, name, _ip(request), request.META.get("boltkeys.request_id"))


def question_of(meta: Mapping[str, Any], view: Any) -> tuple[str, Ask] | None:
    """The key that was presented, and what the gate is asked about it; None when there is none to ask about."""
    resource = resource_of(view)
    presented = None if resource is PUBLIC else presented_key(meta)
    if presented is None or looks_like_token(presented):
        return None
    return presented, _ask(meta, view, resource)


def _ask(meta: Mapping[str, Any], view: Any, resource: str | Declared) -> Ask:
    method = meta["REQUEST_METHOD"]
    routed = has_method(view, method)
    return Ask(
        resource=resource if isinstance(resource, str) else None,
        # What the route does not have, no permission can allow: it is judged as a method that no action covers.
        method=method if routed else "",
        operation=getattr(view, "operation", None) if routed else None,
        project=meta.get("HTTP_X_PROJECT") or None,
        ip=client_ip(meta, settings.TRUSTED_PROXIES),
        user_agent=str(meta.get("HTTP_USER_AGENT", ""))[:USER_AGENT_MAX],
    )


def _ip(request: Request) -> str | None:
    return client_ip(request.META, settings.TRUSTED_PROXIES)
