"""What keys may do, and what happened to them, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from apps.core.catalogue import Catalogue
from apps.dashboard.phrases import listed
from apps.keys.models import Reason

OUTCOMES: Mapping[str, str] = {
    "ok": "Accepted",
    "missing_scope": "Refused: permission missing",
    "rate_limited": "Refused: over the rate limit",
    "ip_denied": "Refused: address not allowed",
    "suspended": "Refused: project suspended",
    "expired": "Refused: key expired",
    "revoked": "Refused: key revoked",
    "deleted": "Refused: key deleted",
    "unknown_resource": "Refused: no such resource",
    "unknown_action": "Refused: no such action",
    "unknown_project": "Refused: no such project",
    "ambiguous_project": "Refused: project not named",
}
"""Verdicts as the usage of a key shows them."""

EVENTS: Mapping[str, str] = {
    "key.created": "Created",
    "key.revoked": "Revoked",
    "key.deleted": "Deleted",
    "key.expiring": "About to expire",
    "key.expired": "Expired",
    "key.used_after_end": "Used after its end",
    "key.limit_changed": "Rate limit changed",
    "key.rotated": "Rotated",
}


@dataclass(frozen=True, slots=True)
class Permission:
    """What a key may do with one resource: `Leads`, `read and write`."""

    resource: str
    actions: str


def permissions(catalogue: Catalogue, scopes: Iterable[str]) -> list[Permission]:
    """The scopes by resource, in the catalogue's order; what the catalogue has no more stands at the end as it is."""
    held = set(scopes)
    known = [
        Permission(resource.label, listed([a.label.lower() for a in resource.actions if f"{slug}:{a.slug}" in held]))
        for slug, resource in catalogue.resources.items()
        if any(f"{slug}:{a.slug}" in held for a in resource.actions)
    ]
    return known + [Permission(scope, "no longer offered") for scope in sorted(held - set(catalogue.scopes))]


def inclusion(catalogue: Catalogue) -> str:
    """Whether writing includes reading, said where there is both; "" where the resources differ."""
    answers = {
        "read" in resource.implied(action.slug)
        for resource in catalogue.resources.values()
        for action in resource.actions
        if action.slug == "write" and resource.action("read")
    }
    if answers == {False}:
        return "Write does not include read: whoever should do both needs both."
    return "Write includes read." if answers == {True} else ""


def readable(catalogue: Catalogue, scopes: Sequence[str], *, unrestricted: bool) -> str:
    """The slug of the first resource that a key can GET, or "" when there is none."""
    effective = set(catalogue.scopes) if unrestricted else {i for scope in scopes for i in catalogue.implied(scope)}
    for slug, resource in catalogue.resources.items():
        action = resource.action_for("GET")
        if action and f"{slug}:{action.slug}" in effective:
            return slug
    return ""


def outcome(code: str) -> str:
    return OUTCOMES.get(code, f"Refused: {code.replace('_', ' ')}")


def event(event_type: str) -> str:
    return EVENTS.get(event_type, event_type)


def reason(text: str) -> str:
    """A reason as a page shows it: the fixed ones by their label, others as they were typed."""
    return dict(Reason.choices).get(text, text[:1].upper() + text[1:])
