"""Who one is: signing in, and what a key is good for."""

from __future__ import annotations

from collections.abc import Collection

from apps.api import auth, me
from apps.api.openapi import values
from apps.api.openapi.described import NOTHING, Answer, At, Operation, Schema, describes, ref, returns
from apps.api.openapi.routes import OPENAPI, VERIFY
from apps.core.resources import Resource
from apps.projects import catalogues

_ANY_TEXT: Schema = {"type": "string", "pattern": values.TEXT}


@describes(auth.Login, "POST")
def login(at: At) -> Operation:
    """Sign in

    An access token for 15 minutes, and a refresh token that is good once, for 7 days.
    """
    email = {**_ANY_TEXT, "examples": ["ann@example.com"]}
    password = {**_ANY_TEXT, "format": "password"}
    return Operation(
        returns(ref("Tokens"), "The tokens."),
        body={
            "type": "object",
            "required": ["email", "password"],
            "properties": {"email": email, "password": password},
        },
        codes=["sign_in_failed", "invalid", "rate_limited"],
        example={"email": "ann@example.com", "password": "correct horse battery staple"},
    )


@describes(auth.Refresh, "POST")
def refresh(at: At) -> Operation:
    """Prolong a sign-in

    The refresh token is spent by it: one that is used again ends all tokens that came from the same sign-in.
    """
    return Operation(
        returns(ref("Tokens"), "New tokens."),
        body=_refresh_token(),
        codes=["malformed", "unknown", "revoked", "expired", "invalid"],
        example={"refresh_token": "rt_…"},
    )


@describes(auth.Logout, "POST")
def logout(at: At) -> Operation:
    """Sign out

    Ends the tokens that came from this sign-in, or with `everywhere` all of the user.
    """
    everywhere = {"type": ["boolean", "null"]}
    return Operation(
        NOTHING,
        body=_refresh_token(everywhere=everywhere),
        codes=["malformed", "unknown", "revoked", "expired", "invalid"],
        example={"refresh_token": "rt_…"},
    )


@describes(me.Me, "GET")
def read_me(at: At) -> Operation:
    """Who am I?

    The key or user that asks, the project, and what they may do in it.
    """
    return Operation(returns(ref("Me"), "The principal."))


@describes(VERIFY, "POST")
def verify(at: At) -> Operation:
    """Verify the key that is sent

    For services that check keys in their own code. With `resource`, and `action` of it, a key without the scope is a
    403.
    """
    resources = [each.slug for each in at.catalogue.resources.values()]
    actions = sorted({action.slug for each in at.catalogue.resources.values() for action in each.actions})
    resource = {"type": ["string", "null"], "enum": [*resources, None]}
    return Operation(
        returns(ref("Verdict"), "The key is good, and good for that."),
        body={
            "type": "object",
            "properties": {"resource": resource, "action": {"type": ["string", "null"], "enum": [*actions, None]}},
            "allOf": [{"anyOf": _pairs(at.catalogue.resources.values())}],
        },
        is_body_needed=False,
        codes=["invalid"],
        example={"resource": resources[0]},
    )


def _pairs(resources: Collection[Resource]) -> list[Schema]:
    """Which actions go with which resources. Without an action it is read, where reading has a method."""
    readable = [resource.slug for resource in resources if resource.action_for("GET")]
    pairs = [_among([], resource={"enum": [*readable, None]}, action={"type": "null"})]
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for resource in resources:
        by_actions.setdefault(tuple(action.slug for action in resource.actions), []).append(resource.slug)
    for actions, slugs in by_actions.items():
        pairs.append(_among(["resource", "action"], resource={"enum": slugs}, action={"enum": list(actions)}))
    return pairs


def _among(required: list[str], **properties: Schema) -> Schema:
    """An object that has these members, beside others: some tools take it for granted that there are none."""
    return {"type": "object", "required": required, "properties": properties, **values.BESIDE}


@describes(OPENAPI, "GET")
def read_openapi(at: At) -> Operation:
    """Read this document

    With a key or a token the document of its project, else that of a `catalogue`.
    """
    slugs = sorted(catalogues.load())
    schema: Schema = {"type": "object", "additionalProperties": True}
    catalogue = {
        "name": "catalogue",
        "in": "query",
        "required": False,
        "description": "Whose document: that of the project, else the first, unless told otherwise.",
        "schema": {"type": "string", "enum": slugs},
    }
    return Operation(
        {200: Answer(schema, "An OpenAPI 3.1 document."), 304: Answer(None, "It is what you have.")},
        query=[catalogue],
        codes=["invalid"],
    )


def _refresh_token(**more: Schema) -> Schema:
    return {"type": "object", "required": ["refresh_token"], "properties": {"refresh_token": _ANY_TEXT, **more}}
