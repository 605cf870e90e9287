"""/v1/developer-access: API keys, managed by administrators and by keys that may, and what keys can be allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.api import body, listing, preferences
from apps.api.authentication import actor_of, principal_of
from apps.api.body import Body
from apps.api.declared import ANY_RESOURCE
from apps.api.idempotency import idempotent, reserved_id
from apps.api.management import ManagementView
from apps.api.problems import not_found
from apps.api.views import ApiView, answer
from apps.core.catalogue import Catalogue
from apps.core.errors import Refused, invalid
from apps.core.fields import define
from apps.core.resources import Action, Resource
from apps.core.times import parse_moment, rfc3339
from apps.keys import lineage, queries, rules, service
from apps.keys.lineage import Lineage
from apps.keys.models import Key, Status
from apps.keys.shapes import key_json
from apps.projects.giving import EXCEEDS
from apps.projects.models import Environment
from apps.records import cursor as cursors
from apps.usage import queries as usage
from apps.usage import service as meter
from apps.usage.queries import WINDOWS

PATH = "/v1/developer-access/api-keys"

MEMBERS: Mapping[str, str] = {
    "name": "text",
    "scopes": "texts",
    "unrestricted": "flag",
    "expires_at": "text",
    "environment": "text",
    "rate_limit_per_minute": "integer",
    "allowed_ips": "texts",
    "owner": "text",
}

FILTERS = (
    define(name="status", label="Status", type="single_choice", options=Status.values),
    define(name="environment", label="Environment", type="single_choice", options=Environment.values),
    define(name="q", label="Search", type="text"),
)
WINDOW = define(name="window", label="Window", type="single_choice", options=list(WINDOWS))


class KeyView(ManagementView):
    @property
    def maker(self) -> str | None:
        """The ID of the key that asks, which can hand on nothing that it does not have; None for a user."""
        return self.principal.key.key_id if self.principal.kind == "key" else None

    def key(self, key_id: str) -> Key:
        key = queries.key_in(self.project, key_id)
        if key is None:
            raise not_found()
        return key

    def settled(self, key: Key, now: datetime) -> Lineage:
        """The key and its predecessors, all of whose use is in the database."""
        line = lineage.of(key.pk, now)
        meter.settle(line.digests)
        return line

    def made(self, request: Request, key: Key, secret: str | None, sent: Body) -> Response:
        """The answer to what made a key; without the secret when an earlier try of the same request got that far."""
        shown = {**key_json(key), "secret_key": secret}
        return answer(request, shown, status=201, ignored=sent.ignored, location=f"{PATH}/{key.pk}")


class Keys(KeyView):
    operations: ClassVar[Mapping[str, str]] = {"GET": "keys.list", "POST": "keys.create"}

    def get(self, request: Request) -> Response:
        query = listing.read(request.query_params, FILTERS, strict=preferences.is_strict(request))
        if query.listing.order != listing.DEFAULT_ORDER or query.listing.updated_since:
            raise invalid("?order", "This list has the newest first, and no other order.", "choice")
        meter.settle()
        filters = {field.name: str(value) for field, value in query.listing.filters}
        now = timezone.now()
        page = queries.page(
            self.project,
            now,
            limit=query.listing.limit,
            after=query.listing.after,
            status=filters.get("status", ""),
            environment=filters.get("environment", ""),
            search=filters.get("q", ""),
        )
        following = cursors.encode(page.next) if page.next else None
        return answer(request, {"data": _rows(page, now), "next_cursor": following}, ignored=query.ignored)

    @idempotent
    def post(self, request: Request) -> Response:
        sent = body.read(request, MEMBERS, required=("name",))
        project, key_id = self.project, reserved_id(request, "key")
        if before := queries.key_in(project, key_id):
            return self.made(request, before, None, sent)
        new = service.create_key(
            actor=actor_of(request),
            project=project,
            name=sent.get("name"),
            scopes=sent.get("scopes", ()),
            unrestricted=sent.get("unrestricted", False),
            expires_at=_moment(sent),
            rate_limit=sent.get("rate_limit_per_minute"),
            allowed_ips=sent.get("allowed_ips", ()),
            environment=sent.get("environment"),
            owner=self._owner(sent),
            key_id=key_id,
            maker=self.maker,
        )
        return self.made(request, new.key, new.secret, sent)

    def _owner(self, sent: Body) -> User | None:
        """`"me"`: the key belongs to who asks. What a user key makes belongs to its user in any case."""
        if sent.get("owner") is None:
            return None
        if sent.get("owner") != "me":
            raise invalid("/owner", 'Only "me" is possible, for a user or a key of one.', "choice")
        me = self.principal.key.owner
        if me is None:
            raise Refused(
                "A key of the project belongs to nobody, and so does what it makes. Leave out owner.", EXCEEDS
            )
        return User.objects.get(pk=me.user_id)


class OneKey(KeyView):
    operations: ClassVar[Mapping[str, str]] = {"GET": "keys.read", "DELETE": "keys.delete"}

    def get(self, request: Request, key_id: str) -> Response:
        now = timezone.now()
        key = self.key(key_id)
        line = self.settled(key, now)
        outcomes = {name: totals.as_dict() for name, totals in usage.breakdown(line.ids, now, "outcome").items()}
        shown = key_json(key, now=now, usage=line.total(now))
        return answer(request, {**shown, "rotated_from": _predecessor(key), "outcomes": outcomes})

    def delete(self, request: Request, key_id: str) -> Response:
        service.delete_key(actor=actor_of(request), key=self.key(key_id))
        return Response(status=204)


class RevokeKey(KeyView):
    operations: ClassVar[Mapping[str, str]] = {"POST": "keys.revoke"}

    @idempotent
    def post(self, request: Request, key_id: str) -> Response:
        key = self.key(key_id)
        sent = body.read(request, {"reason": "text"}, required=("reason",))
        revoked = service.revoke_key(actor=actor_of(request), key=key, reason=sent.get("reason"))
        return answer(request, key_json(revoked), ignored=sent.ignored)


class RotateKey(KeyView):
    operations: ClassVar[Mapping[str, str]] = {"POST": "keys.rotate"}

    @idempotent
    def post(self, request: Request, key_id: str) -> Response:
        key = self.key(key_id)
        sent = body.read(request, {"grace_seconds": "integer", "expires_at": "text"})
        successor_id = reserved_id(request, "key")
        if before := queries.key_in(self.project, successor_id):
            return self.made(request, before, None, sent)
        new = service.rotate_key(
            actor=actor_of(request),
            key=key,
            grace=sent.get("grace_seconds", rules.GRACE_DEFAULT),
            expires_at=_moment(sent),
            key_id=successor_id,
            maker=self.maker,
        )
        self.settled(new.key, timezone.now())
        return self.made(request, new.key, new.secret, sent)


class KeyUsage(KeyView):
    operations: ClassVar[Mapping[str, str]] = {"GET": "keys.usage"}

    def get(self, request: Request, key_id: str) -> Response:
        key = self.key(key_id)
        asked, ignored = listing.read_filters(request.query_params, (WINDOW,), strict=preferences.is_strict(request))
        window = next((str(value) for _, value in asked), "24h")
        now = timezone.now()
        line = self.settled(key, now)
        data = [
            {"hour": rfc3339(cell.hour), "resource": cell.resource, "outcome": cell.outcome, "count": cell.count}
            for cell in usage.cells(line.ids, now, window)
        ]
        shown = {"key_id": key.pk, "window": window, "from": rfc3339(usage.start(now, window)), "to": rfc3339(now)}
        totals = usage.by_outcome(line.ids, now, window)
        return answer(request, {**shown, "totals": totals, "data": data}, ignored=ignored)


class Scopes(ApiView):
    resource = ANY_RESOURCE

    def get(self, request: Request) -> Response:
        return answer(request, _catalogue_json(principal_of(request).catalogue))


def _rows(page: queries.Page, now: datetime) -> list[dict[str, Any]]:
    return [
        key_json(key, now=now, usage=page.totals[key.pk], seen=(key.used_at, key.used_ip))  # type: ignore[attr-defined]
        for key in page.keys
    ]


def _predecessor(key: Key) -> str | None:
    return key.rotated_from.pk if hasattr(key, "rotated_from") else None


def _moment(sent: Body) -> datetime | None:
    given = sent.get("expires_at")
    return None if given is None else parse_moment(given, pointer="/expires_at")


def _catalogue_json(catalogue: Catalogue) -> dict[str, Any]:
    """The catalogue as those need it who choose permissions: `data` has a row per scope, in its order."""
    return {
        "catalogue": catalogue.slug,
        "label": catalogue.label,
        "unrestricted": catalogue.unrestricted,
        "rate_limit_per_minute": catalogue.rate_limit,
        "data": [_scope_json(r, action) for r in catalogue.resources.values() for action in r.actions],
    }


def _scope_json(resource: Resource, action: Action) -> dict[str, Any]:
    implied: Sequence[str] = sorted(resource.implied(action.slug) - {action.slug})
    return {
        "scope": f"{resource.slug}:{action.slug}",
        "resource": resource.slug,
        "resource_label": resource.label,
        "group": resource.group or None,
        "action": action.slug,
        "label": action.label,
        "description": action.description,
        "methods": sorted(action.methods),
        "operations": sorted(action.operations),
        "includes": [f"{resource.slug}:{slug}" for slug in implied],
    }
