"""API keys and scopes."""

from __future__ import annotations

from django.utils import timezone

from apps.api import developer_access as views
from apps.api.openapi import parameters, shapes, values
from apps.api.openapi.described import NOTHING, At, Operation, Schema, describes, ref, returns
from apps.core.text import NAME_MAX
from apps.keys import rules
from apps.keys.models import RATE_LIMIT_MAX
from apps.projects.models import Environment
from apps.usage.queries import WINDOWS

RESTRICTED, UNRESTRICTED = "ApiKeyCreate", "UnrestrictedApiKeyCreate"

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_NETWORK = (
    rf"^(?:0\.0\.0\.0/0|{_OCTET}\.0\.0\.0/8|{_OCTET}\.{_OCTET}\.0\.0/16|(?:{_OCTET}\.){{3}}(?:0/24|{_OCTET}/32))$"
)


@describes(views.Keys, "GET")
def list_api_keys(at: At) -> Operation:
    """List API keys

    The newest first. Without a `status`, all but the deleted.
    """
    query = [parameters.limit(), parameters.after(), *parameters.filters(views.FILTERS)]
    return Operation(returns(ref("ApiKeyList"), "A page of keys."), query=query, codes=["invalid"])


@describes(views.Keys, "POST")
def create_api_key(at: At) -> Operation:
    """Create an API key

    The answer has the secret, once. A key that makes a key hands on nothing that it does not have itself.
    """
    return Operation(
        returns(ref("NewApiKey"), "The key and its secret.", 201),
        body=_body(at),
        codes=["invalid", "exceeds_own", "conflict", "taken"],
        example={"name": "Website", "scopes": list(at.catalogue.scopes[:1])},
    )


@describes(views.OneKey, "GET")
def read_api_key(at: At) -> Operation:
    """Read an API key"""
    return Operation(returns(ref("ApiKeyWithOutcomes"), "The key, whatever its state."), codes=["not_found"])


@describes(views.OneKey, "DELETE")
def delete_api_key(at: At) -> Operation:
    """Delete an API key

    It is refused from now on, by every process, and stands on no list but that of the deleted.
    """
    return Operation(NOTHING, codes=["not_found"])


@describes(views.RevokeKey, "POST")
def revoke_api_key(at: At) -> Operation:
    """Revoke an API key

    When this is answered, no request that starts later is accepted, by any process. It cannot be undone.
    """
    reason = {**values.name(rules.REASON_MAX), "description": "Why: administrators read it."}
    return Operation(
        returns(ref("ApiKey"), "The key, revoked."),
        body={"type": "object", "required": ["reason"], "properties": {"reason": reason}},
        codes=["not_found", "invalid"],
        example={"reason": "leaked"},
    )


@describes(views.RotateKey, "POST")
def rotate_api_key(at: At) -> Operation:
    """Rotate an API key

    A successor with the same scopes and limits. Both work for the grace period, then the old one stops.
    """
    grace = {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": rules.GRACE_MAX,
        "description": f"How long the old key goes on: {rules.GRACE_DEFAULT} unless told otherwise.",
    }
    properties = {"grace_seconds": grace, "expires_at": _expiry()}
    return Operation(
        returns(ref("NewApiKey"), "The successor and its secret.", 201),
        body={"type": "object", "properties": properties},
        is_body_needed=False,
        codes=["not_found", "invalid", "exceeds_own", "already_rotated", "key_ended"],
        example={"grace_seconds": 3600},
    )


@describes(views.KeyUsage, "GET")
def read_api_key_usage(at: At) -> Operation:
    """Read the use of an API key

    Requests by hour, resource and outcome, the refused ones included.
    """
    window = {"type": "string", "enum": list(WINDOWS), "default": "24h"}
    return Operation(
        returns(ref("ApiKeyUsage"), "The counts."),
        query=[parameters.query("window", window, "How far back.")],
        codes=["not_found", "invalid"],
    )


@describes(views.Scopes, "GET")
def list_scopes(at: At) -> Operation:
    """List scopes

    What keys of the project can be allowed to do.
    """
    return Operation(returns(ref("ScopeList"), "The catalogue of the project."))


def new_keys(at: At) -> dict[str, Schema]:
    """What creates a key that is restricted to scopes, and one that can do everything, where the catalogue has it."""
    items = shapes.scope(at.catalogue)
    scopes = {"type": "array", "items": items, "minItems": 1, "description": "What it may do."}
    restricted = _new_key({"scopes": scopes, "unrestricted": {"type": "boolean", "const": False}})
    none = {"type": "array", "items": items, "maxItems": 0}
    everything = {"type": "boolean", "const": True, "description": "It can do everything, and has no scopes."}
    return {
        RESTRICTED: {**restricted, "required": ["name", "scopes"]},
        UNRESTRICTED: {**_new_key({"unrestricted": everything, "scopes": none}), "required": ["name", "unrestricted"]},
    }


def _body(at: At) -> Schema:
    if not at.catalogue.unrestricted:
        return ref(RESTRICTED)
    return {"anyOf": [ref(RESTRICTED), ref(UNRESTRICTED)]}


def _new_key(own: dict[str, Schema]) -> Schema:
    kinds: list[Schema] = [{"format": "ipv4"}, {"format": "ipv6"}, {"pattern": _NETWORK}]
    network = {"anyOf": [{"type": "string", **kind} for kind in kinds]}
    limit = {"type": ["integer", "null"], "minimum": 1, "maximum": RATE_LIMIT_MAX}
    return {
        "type": "object",
        "properties": {
            "name": {**values.name(NAME_MAX), "description": "No other active key of the project has it."},
            **own,
            "expires_at": _expiry(),
            "environment": {"type": ["string", "null"], "enum": [*Environment.values, None]},
            "rate_limit_per_minute": {**limit, "description": "Requests in any 60 seconds."},
            "allowed_ips": {
                "type": ["array", "null"],
                "maxItems": rules.NETWORKS_MAX,
                "items": network,
                "description": "From where it may be used; none: from everywhere. Networks of every length are taken.",
            },
            "owner": {
                "type": ["string", "null"],
                "enum": ["me", None],
                "description": "`me`: it belongs to who asks, a user or a user key, and is never able to do more.",
            },
        },
        **values.AS_JSON,
    }


def _expiry() -> Schema:
    """A moment from this year to the tenth from now. No tool is to make one up: half of this year is past."""
    first = timezone.now().year
    return {
        "type": ["string", "null"],
        "pattern": values.moment_within(range(first, first + 11)),
        "description": "A moment in the future, within ten years, as RFC 3339 has it: `2027-01-31T12:00:00Z`.",
    }
