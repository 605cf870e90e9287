"""/v1/developer-access/members: the people of the project, and those who are invited."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import body, listing, preferences
from apps.api.authentication import actor_of
from apps.api.idempotency import idempotent, reserved_id
from apps.api.management import ManagementView
from apps.api.problems import not_found
from apps.api.views import answer
from apps.core.errors import Conflict, invalid
from apps.core.fields import define
from apps.core.times import rfc3339
from apps.keys import ceiling
from apps.projects import giving, invitations, queries, service
from apps.projects.models import Invitation, Membership, Outcome
from apps.projects.policy import Right
from apps.records import cursor as cursors
from apps.records.cursor import Cursor

_ID = re.compile(r"(?:mem|inv)_[0-9A-Za-z]{22}")

PATH = "/v1/developer-access/members"

MEMBERS: Mapping[str, str] = {"email": "text", "role": "text", "grants": "texts"}
CHANGES: Mapping[str, str] = {"role": "text", "grants": "texts"}

ACTIVE, DISABLED, INVITED = "active", "disabled", "invited"
FILTERS = (define(name="status", label="Status", type="single_choice", options=(ACTIVE, DISABLED, INVITED)),)


class MemberView(ManagementView):
    right = Right.TEAM_MANAGE

    @property
    def ask(self) -> giving.Ask | None:
        """What the key that asks can hand on; a user is an administrator here, who can hand on everything."""
        principal = self.principal
        return partial(ceiling.giving, principal.key.key_id, self.project) if principal.kind == "key" else None

    def found(self, member_id: str) -> Membership | Invitation:
        """The member, or the open invitation, with this ID. Raises a 404."""
        found: Membership | Invitation | None = None
        if _ID.fullmatch(member_id):  # what cannot be an ID never reaches the database
            find = queries.member if member_id.startswith("mem") else queries.open_invitation_in
            found = find(self.project, member_id)
        if found is None:
            raise not_found()
        return found


class Members(MemberView):
    operations: ClassVar[Mapping[str, str]] = {"GET": "members.list", "POST": "members.create"}

    def get(self, request: Request) -> Response:
        query = listing.read(request.query_params, FILTERS, strict=preferences.is_strict(request))
        if query.listing.order != listing.DEFAULT_ORDER or query.listing.updated_since:
            raise invalid("?order", "This list has the newest first, and no other order.", "choice")
        status = next((str(value) for _, value in query.listing.filters), "")
        after = query.listing.after
        rows = queries.newest(
            self.project, status, query.listing.limit + 1, (after.moment, after.id) if after else None
        )
        shown, more = rows[: query.listing.limit], len(rows) > query.listing.limit
        following = cursors.encode(Cursor("-created_at", shown[-1].created_at, shown[-1].id)) if more else None
        return answer(
            request, {"data": [member_json(row) for row in shown], "next_cursor": following}, ignored=query.ignored
        )

    @idempotent
    def post(self, request: Request) -> Response:
        sent = body.read(request, MEMBERS, required=("email", "role"))
        made = invitations.invite(
            actor=actor_of(request),
            project=self.project,
            email=sent.get("email"),
            role=sent.get("role"),
            grants=sent.get("grants", ()),
            invitation_id=reserved_id(request, "inv"),
            ask=self.ask,
        )
        return answer(request, member_json(made), status=201, ignored=sent.ignored, location=f"{PATH}/{made.id}")


class OneMember(MemberView):
    operations: ClassVar[Mapping[str, str]] = {
        "GET": "members.read",
        "PATCH": "members.update",
        "DELETE": "members.delete",
    }

    def get(self, request: Request, member_id: str) -> Response:
        return answer(request, member_json(self.found(member_id)))

    def patch(self, request: Request, member_id: str) -> Response:
        member = self.found(member_id)
        sent = body.read(request, CHANGES)
        if isinstance(member, Invitation):
            detail = "Nobody has accepted this invitation yet. Invite the address again to change it."
            raise Conflict(detail, "not_accepted")
        changed = service.change_member(actor=actor_of(request), membership=member, ask=self.ask, **sent.given)
        return answer(request, member_json(changed), ignored=sent.ignored)

    def delete(self, request: Request, member_id: str) -> Response:
        member = self.found(member_id)
        if isinstance(member, Invitation):
            row = invitations.withdraw(actor=actor_of(request), invitation=member, ask=self.ask)
            if row.outcome == Outcome.ACCEPTED:
                raise Conflict("The invitation has been accepted meanwhile: remove the member.", "accepted")
        else:
            service.remove_member(actor=actor_of(request), membership=member, ask=self.ask)
        return Response(status=204)


def member_json(row: Membership | Invitation) -> dict[str, Any]:
    """`{"id", "user_id", "email", "name", "role", "grants", "status", "created_at", "invited_by", "expires_at"}`."""
    person = _invited(row) if isinstance(row, Invitation) else _member(row)
    return {"id": row.id, **person, "role": row.role, "created_at": rfc3339(row.created_at)}


def _member(row: Membership) -> dict[str, Any]:
    user = row.user
    known = {"user_id": str(user.pk), "email": user.email, "name": user.name, "grants": list(queries.scopes_of(row))}
    status = ACTIVE if user.is_active else DISABLED
    return {**known, "status": status, "invited_by": None, "expires_at": None}


def _invited(row: Invitation) -> dict[str, Any]:
    known = {"user_id": None, "email": row.email, "name": "", "grants": list(row.grants)}
    return {**known, "status": INVITED, "invited_by": row.invited_by, "expires_at": rfc3339(row.expires_at)}
