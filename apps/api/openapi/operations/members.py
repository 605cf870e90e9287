"""The people of the project."""

from __future__ import annotations

from apps.accounts.rules import EMAIL_MAX
from apps.api import members as views
from apps.api.openapi import parameters, shapes
from apps.api.openapi.described import NOTHING, At, Operation, Schema, describes, ref, returns
from apps.projects.models import Role


@describes(views.Members, "GET")
def list_members(at: At) -> Operation:
    """List members

    Members and open invitations, the newest first.
    """
    query = [parameters.limit(), parameters.after(), *parameters.filters(views.FILTERS)]
    return Operation(returns(ref("MemberList"), "A page of people."), query=query, codes=["invalid"])


@describes(views.Members, "POST")
def invite_member(at: At) -> Operation:
    """Invite a member

    The address gets a mail with a link that is good for seven days. A key makes nobody an administrator, and gives
    nothing that it does not have itself.
    """
    email = {"type": "string", "format": "email", "maxLength": EMAIL_MAX}
    properties = {"email": email, "role": _role(), "grants": {**_grants(at), "type": ["array", "null"]}}
    return Operation(
        returns(ref("Member"), "The invitation.", 201),
        body={"type": "object", "required": ["email", "role"], "properties": properties},
        codes=["invalid", "exceeds_own", "conflict"],
        example={"email": "ann@example.com", "role": "member"},
    )


@describes(views.OneMember, "GET")
def read_member(at: At) -> Operation:
    """Read a member"""
    return Operation(returns(ref("Member"), "The member, or the open invitation."), codes=["not_found"])


@describes(views.OneMember, "PATCH")
def update_member(at: At) -> Operation:
    """Change the role and the rights of a member

    They hold from the next request on. The last administrator stays one.
    """
    role = {"type": ["string", "null"], "enum": [*Role.values, None]}
    return Operation(
        returns(ref("Member"), "The member as they are now."),
        body={"type": "object", "properties": {"role": role, "grants": {**_grants(at), "type": ["array", "null"]}}},
        is_body_needed=False,
        codes=["not_found", "invalid", "exceeds_own", "conflict"],
        example={"role": "partner"},
    )


@describes(views.OneMember, "DELETE")
def remove_member(at: At) -> Operation:
    """Remove a member, or withdraw an invitation

    Their user keys no longer reach the project.
    """
    return Operation(NOTHING, codes=["not_found", "exceeds_own", "conflict"])


def _role() -> Schema:
    return {"type": "string", "enum": list(Role.values)}


def _grants(at: At) -> Schema:
    return {"type": "array", "items": shapes.scope(at.catalogue), "description": "What they may do with user keys."}
