"""How a presented key is verified. Read it from top to bottom: there is no other place that decides.

    parse (checksum; no I/O) → find the record → judge (pure) → admit (version, expiry, limit, meter) → verdict

`find` and `admit` are given by the caller (`apps/gate`), so that this file knows no database, no Redis and no clock.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from apps.core import grants, original, secret
from apps.core.catalogue import Catalogue
from apps.core.catalogue import of as catalogue_of
from apps.core.errors import Unavailable
from apps.core.records import KeyRecord, ProjectRecord
from apps.core.resources import Action, Resource

REFUSALS = (
    "malformed",
    "unknown",
    "revoked",
    "deleted",
    "expired",
    "suspended",
    "ip_denied",
    "missing_scope",
    "rate_limited",
)
"""Why a key is refused. `unknown_resource`, `unknown_action`, `unknown_project` and `ambiguous_project` say that the
request itself cannot be judged: the key is not at fault, and nothing is let through either."""


class Ask(NamedTuple):
    """What the caller of an API wants to do.

    `resource` None asks for nothing but a valid key, or with an `operation` of the product itself (`keys.create`) for
    the permission that the project's catalogue guards it with. Else the action needed is looked up in the catalogue
    by `action`, `below`, `operation` or `method`, in this order. `below` is what follows the resource in the path of a
    request that a proxy asks about. `project` is an ID or slug (`X-Project`).
    """

    resource: str | None = None
    method: str = "GET"
    operation: str | None = None
    action: str | None = None
    below: tuple[str, ...] = ()
    project: str | None = None
    ip: str | None = None
    user_agent: str = ""


@dataclass(slots=True)
class Found:
    """A record, and the `version` under which a cache gave it.

    What comes from a cache is a hint: `admit` compares its version with the one that holds now. `version` b"" says
    that the record was read at its source after the request came in, which needs no such proof. `judged` remembers
    judgements, for as long as the record itself is remembered.
    """

    record: KeyRecord
    version: bytes = b""
    judged: dict[tuple[object, ...], Judgement] = field(default_factory=dict, compare=False, repr=False)


CALLER = Ask._fields.index("ip")
"""Where in an `Ask` the caller begins: all before it is the question."""


class Rate(NamedTuple):
    """The limit in any 60 seconds, what remains of it now, and the seconds until a request leaves the window."""

    limit: int
    remaining: int
    reset_seconds: int


class Admission(NamedTuple):
    """What `admit` decided: `ok`, `expired`, `rate_limited`, or the refusal that it was given."""

    code: str
    rate: Rate


class Judgement(NamedTuple):
    """What the record alone says: `code` is `ok` or a refusal. `resource` is "" unless the catalogue has it."""

    code: str
    project: ProjectRecord | None = None
    resource: str = ""
    required: str | None = None
    choices: tuple[str, ...] = ()


class Verdict(NamedTuple):
    """The decision on one request. Truthy when the key is good for what was asked."""

    code: str
    record: KeyRecord | None = None
    judgement: Judgement | None = None
    rate: Rate | None = None

    def __bool__(self) -> bool:
        return self.code == "ok"


class Flooded(Exception):
    """The address has sent too many unknown keys in this minute."""


class Find(Protocol):
    def __call__(self, digest: bytes, ask: Ask, attempt: int) -> Found | None:
        """The record of a digest: from anywhere (attempt 0), past the memory (1), from its source (2).

        Raises `Flooded` rather than looking for it when too many unknown keys have come from the same address.
        """


class Admit(Protocol):
    def __call__(self, digest: bytes, found: Found, ask: Ask, judgement: Judgement) -> Admission | None:
        """Counts the request, in one round trip; None when the record's version is not the one that holds."""


class Examined(NamedTuple):
    """A key that is known, and what its record says of the request. Only `admit` can let it in."""

    digest: bytes
    found: Found
    ask: Ask
    judgement: Judgement

    def verdict(self, admission: Admission) -> Verdict:
        return Verdict(admission.code, self.found.record, self.judgement, admission.rate)


def verify(presented: str, ask: Ask, *, catalogues: Mapping[str, Catalogue], find: Find, admit: Admit) -> Verdict:
    """The verdict on `presented`, metered. Raises `Unavailable` when no store can tell."""
    for attempt in range(3):
        examined = examine(presented, ask, catalogues, find, attempt)
        if isinstance(examined, Verdict):
            return examined
        admission = admit(*examined)
        if admission is not None:
            return examined.verdict(admission)
    raise Unavailable("The key changed while it was being verified. Try again.")


def examine(
    presented: str, ask: Ask, catalogues: Mapping[str, Catalogue], find: Find, attempt: int = 0
) -> Examined | Verdict:
    """All of `verify` that comes before `admit`; a verdict when there is nothing to admit."""
    if not secret.is_well_formed(presented):
        return Verdict("malformed")
    digest = secret.digest(presented)
    try:
        found = find(digest, ask, attempt)
    except Flooded:
        return Verdict("rate_limited")
    if found is None:
        return Verdict("unknown")
    return Examined(digest, found, ask, _judge_once(found, ask, catalogues))


JUDGED_MAX = 16
"""Judgements remembered of one record: a client may ask about anything, and what it asks must not fill the memory."""


def _judge_once(found: Found, ask: Ask, catalogues: Mapping[str, Catalogue]) -> Judgement:
    """`judge`, remembered: the same record says the same of the same question, wherever it is asked from."""
    if found.record.allowed_ips:
        return judge(found.record, ask, catalogues)
    question = ask[:CALLER]
    judgement = found.judged.get(question)
    if judgement is None:
        judgement = judge(found.record, ask, catalogues)
        if judgement.code == "ok" and len(found.judged) < JUDGED_MAX:
            found.judged[question] = judgement
    return judgement


def judge(record: KeyRecord, ask: Ask, catalogues: Mapping[str, Catalogue]) -> Judgement:
    """What the record says of the request, apart from expiry and rate limit, which need a clock and a count."""
    addressed = _address(record, ask)
    project = addressed.project or record.project
    resource = _resource(catalogue_of(catalogues, project.catalogue), ask) if project else None
    refusal = _refusal(record, project, ask)
    if refusal:
        return Judgement(refusal, project, resource.slug if resource else "")
    if addressed.project is None:
        return addressed
    return _judge_scope(record, addressed.project, ask, catalogue_of(catalogues, addressed.project.catalogue))


def _refusal(record: KeyRecord, project: ProjectRecord | None, ask: Ask) -> str:
    """Why the key is refused whatever it is used for; "" when it is not."""
    if record.ended:
        return record.ended
    if (project is not None and project.suspended) or (record.owner is not None and not record.owner.active):
        return "suspended"
    if record.allowed_ips and not _is_allowed(ask.ip, record.allowed_ips):
        return "ip_denied"
    return ""


def _address(record: KeyRecord, ask: Ask) -> Judgement:
    """The project that the request is about: the key's own, or one of its owner's memberships, or what is both."""
    reachable = tuple(m.project for m in record.owner.memberships) if record.owner else ()
    if record.project is not None:
        own = record.project
        reachable = (own,) if record.owner is None or any(p.id == own.id for p in reachable) else ()
    if ask.project is not None:
        reachable = tuple(p for p in reachable if ask.project in (p.id, p.slug))
    if len(reachable) == 1:
        return Judgement("ok", reachable[0])
    if not reachable:
        return Judgement("unknown_project")
    return Judgement("ambiguous_project", choices=tuple(p.slug for p in reachable))


def _is_allowed(ip: str | None, networks: tuple[str, ...]) -> bool:
    """Whether `ip` is in one of the networks. An address that is not known is in none."""
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in ipaddress.ip_network(network) for network in networks)


def _judge_scope(record: KeyRecord, project: ProjectRecord, ask: Ask, catalogue: Catalogue) -> Judgement:
    if ask.resource is None and ask.operation is None:
        return Judgement("ok", project)
    resource = _resource(catalogue, ask)
    if resource is None:
        # An operation of the product itself that no permission covers: this catalogue lets no key in to it.
        return Judgement("missing_scope" if ask.resource is None else "unknown_resource", project)
    action = _action(resource, ask)
    if action is None:
        return Judgement("unknown_action", project, resource.slug)
    required = f"{resource.slug}:{action.slug}"
    code = "ok" if may(record, project, catalogue, required) else "missing_scope"
    return Judgement(code, project, resource.slug, required)


def _resource(catalogue: Catalogue, ask: Ask) -> Resource | None:
    if ask.resource is None and ask.operation is not None:
        return catalogue.guard(ask.operation)
    return catalogue.resources.get(ask.resource or "")


def _action(resource: Resource, ask: Ask) -> Action | None:
    if ask.action is not None:
        return resource.action(ask.action)
    if ask.below:
        return original.action_for(resource, ask.method, ask.below)
    return resource.action_for(ask.method, ask.operation)


def may(record: KeyRecord, project: ProjectRecord, catalogue: Catalogue, scope: str) -> bool:
    """Whether the key has a scope of the catalogue in `project` now, and its owner, if there is one, has it as well."""
    if not record.unrestricted and not grants.permits(catalogue, record.scopes, scope):
        return False
    if record.owner is None:
        return True
    membership = next((m for m in record.owner.memberships if m.project.id == project.id), None)
    return membership is not None and (membership.administrator or grants.permits(catalogue, membership.scopes, scope))


def effective_scopes(record: KeyRecord, project: ProjectRecord, catalogue: Catalogue) -> frozenset[str]:
    """All that the key may do in `project` now."""
    return frozenset(scope for scope in catalogue.scopes if may(record, project, catalogue, scope))
