"""What somebody who lost a right can still do, at the very next request: each demotion × each way in × each scope.

The table is written from what is promised, not computed: a change of the rules has to be made here too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from apps.accounts import service as accounts
from apps.accounts.models import User
from apps.core.actor import OPERATOR
from apps.keys import service as keys
from apps.keys.models import Key
from apps.keys.service import NewKey
from apps.keys.users import delete_user
from apps.projects import catalogues
from apps.projects import service as projects
from apps.projects.models import Membership
from tests import make
from tests.api.call import call
from tests.api.direct import ask
from tests.api.people import access_of
from tests.pages import signed_in

pytestmark = pytest.mark.django_db

DEVELOPER = "/v1/developer-access"
DOORS: Mapping[str, tuple[str, str]] = {
    "contacts:read": ("GET", "/v1/contacts"),
    "contacts:write": ("POST", "/v1/contacts"),
    "contacts:manage": ("PUT", "/v1/contacts/x/tags/vip"),
    "inbox:read": ("GET", "/v1/inbox/x/messages"),
    "inbox:write": ("POST", "/v1/inbox"),
    "broadcasts:read": ("GET", "/v1/broadcasts/x/metrics"),
    "broadcasts:create": ("POST", "/v1/broadcasts/x/schedule"),
    "broadcasts:send": ("POST", "/v1/broadcasts/x/send"),
    "templates:read": ("GET", "/v1/templates/schema"),
    "templates:create": ("POST", "/v1/templates"),
    "templates:manage": ("DELETE", "/v1/templates/x"),
    "tokens:read": ("GET", f"{DEVELOPER}/api-keys"),
    "tokens:create": ("POST", f"{DEVELOPER}/webhooks"),
}
"""For each scope of `boltly` a request that needs it, and changes nothing: what it is about is not there."""

Allowed = frozenset[str]
Refused = tuple[int, str]

ALL: Allowed = frozenset(DOORS)
GRANTED: Allowed = frozenset({"contacts:read", "contacts:write", "broadcasts:send", "tokens:read"})
"""What dora is granted as a member and as a partner."""
NARROW: Allowed = frozenset({"contacts:read", "inbox:read"})
"""What her narrow key is restricted to."""
NOTHING: Allowed = frozenset()
# By token, keys and webhooks are for administrators, whatever was granted.
GRANTED_BY_TOKEN: Allowed = frozenset({"contacts:read", "contacts:write", "broadcasts:send"})

GONE: Refused = (404, "unknown_project")
REVOKED: Refused = (401, "revoked")
DELETED: Refused = (401, "deleted")
SUSPENDED: Refused = (403, "suspended")

PAGES = ("project", "keys", "team", "audit", "my_keys", "partner")
OF_ADMINISTRATORS = (200, 200, 200, 200, 200, 200)
OF_MEMBERS = (200, 403, 200, 403, 200, 200)
OF_PARTNERS = (200, 403, 403, 403, 200, 200)
OF_OUTSIDERS = (404, 404, 404, 404, 200, 200)
SIGNED_OUT = (302, 302, 302, 302, 302, 302)


@dataclass(frozen=True)
class Ways:
    """The ways in that dora has. `shared` is a key of the project, made by her, which outlives her."""

    user: User
    membership: Membership
    own: NewKey
    narrow: NewKey
    bound: NewKey
    shared: NewKey
    token: str
    browser: Client


@dataclass(frozen=True)
class Case:
    """`before` → `change` → what each way in lets through: scopes, or the one answer to everything."""

    before: Callable[[Ways], object]
    change: Callable[[Ways], object]
    own: Allowed | Refused
    narrow: Allowed | Refused
    bound: Allowed | Refused
    token: Allowed | Refused
    pages: tuple[int, ...]
    shared: Allowed | Refused = ALL


def administrator(ways: Ways) -> None:
    """As she begins."""


def as_role(role: str, ways: Ways, grants: Allowed = GRANTED) -> None:
    project, user = ways.membership.project, ways.user
    projects.add_member(actor=OPERATOR, project=project, user=user, role=role, grants=sorted(grants))


member, partner = partial(as_role, "member"), partial(as_role, "partner")


def granted(ways: Ways, grants: Allowed) -> None:
    projects.set_grants(actor=OPERATOR, membership=ways.membership, grants=sorted(grants))


def removed(ways: Ways) -> None:
    projects.remove_member(actor=OPERATOR, membership=ways.membership)


def disabled(ways: Ways) -> None:
    accounts.disable_user(actor=OPERATOR, user=ways.user)


def deleted(ways: Ways) -> None:
    delete_user(actor=OPERATOR, user=ways.user)


def new_password(ways: Ways) -> None:
    accounts.set_password(actor=OPERATOR, user=ways.user, password="another long passphrase")


def signed_out_everywhere(ways: Ways) -> None:
    accounts.end_sessions(actor=OPERATOR, user=ways.user)


def suspended(ways: Ways) -> None:
    projects.suspend_project(actor=OPERATOR, project=ways.membership.project)


def own_key_deleted(ways: Ways) -> None:
    keys.delete_key(actor=OPERATOR, key=ways.own.key)


CASES: Mapping[str, Case] = {
    "nothing happened": Case(
        administrator, administrator,
        own=ALL, narrow=NARROW, bound=ALL, token=ALL, pages=OF_ADMINISTRATORS,
    ),
    "administrator → member": Case(
        administrator, member,
        own=GRANTED, narrow=frozenset({"contacts:read"}), bound=GRANTED, token=GRANTED_BY_TOKEN, pages=OF_MEMBERS,
    ),
    "administrator → partner": Case(
        administrator, partner,
        own=GRANTED, narrow=frozenset({"contacts:read"}), bound=GRANTED, token=GRANTED_BY_TOKEN, pages=OF_PARTNERS,
    ),
    "administrator → member without grants": Case(
        administrator, partial(member, grants=NOTHING),
        own=NOTHING, narrow=NOTHING, bound=NOTHING, token=NOTHING, pages=OF_MEMBERS,
    ),
    "member → partner": Case(
        member, partner,
        own=GRANTED, narrow=frozenset({"contacts:read"}), bound=GRANTED, token=GRANTED_BY_TOKEN, pages=OF_PARTNERS,
    ),
    "member loses a grant": Case(
        member, partial(granted, grants=frozenset({"contacts:write", "tokens:read"})),
        own=frozenset({"contacts:write", "tokens:read"}), narrow=NOTHING,
        bound=frozenset({"contacts:write", "tokens:read"}), token=frozenset({"contacts:write"}), pages=OF_MEMBERS,
    ),
    "member gets another grant": Case(
        member, partial(granted, grants=frozenset({"contacts:read", "inbox:read", "inbox:write"})),
        own=frozenset({"contacts:read", "inbox:read", "inbox:write"}), narrow=NARROW,
        bound=frozenset({"contacts:read", "inbox:read", "inbox:write"}),
        token=frozenset({"contacts:read", "inbox:read", "inbox:write"}), pages=OF_MEMBERS,
    ),
    "partner loses all grants": Case(
        partner, partial(granted, grants=NOTHING),
        own=NOTHING, narrow=NOTHING, bound=NOTHING, token=NOTHING, pages=OF_PARTNERS,
    ),
    "administrator is removed": Case(
        administrator, removed,
        own=GONE, narrow=GONE, bound=GONE, token=GONE, pages=OF_OUTSIDERS,
    ),
    "partner is removed": Case(
        partner, removed,
        own=GONE, narrow=GONE, bound=GONE, token=GONE, pages=OF_OUTSIDERS,
    ),
    "account is disabled": Case(
        administrator, disabled,
        own=SUSPENDED, narrow=SUSPENDED, bound=SUSPENDED, token=REVOKED, pages=SIGNED_OUT,
    ),
    "account is deleted": Case(
        administrator, deleted,
        own=DELETED, narrow=DELETED, bound=DELETED, token=REVOKED, pages=SIGNED_OUT,
    ),
    "partner's account is deleted": Case(
        partner, deleted,
        own=DELETED, narrow=DELETED, bound=DELETED, token=REVOKED, pages=SIGNED_OUT,
    ),
    "password is changed": Case(
        member, new_password,
        own=GRANTED, narrow=frozenset({"contacts:read"}), bound=GRANTED, token=REVOKED, pages=SIGNED_OUT,
    ),
    "signed out everywhere": Case(
        member, signed_out_everywhere,
        own=GRANTED, narrow=frozenset({"contacts:read"}), bound=GRANTED, token=REVOKED, pages=SIGNED_OUT,
    ),
    "project is suspended": Case(
        administrator, suspended,
        own=SUSPENDED, narrow=SUSPENDED, bound=SUSPENDED, token=SUSPENDED, pages=OF_ADMINISTRATORS, shared=SUSPENDED,
    ),
    "own key is deleted": Case(
        administrator, own_key_deleted,
        own=DELETED, narrow=NARROW, bound=ALL, token=ALL, pages=OF_ADMINISTRATORS,
    ),
}  # fmt: skip


@pytest.fixture
def ways(alice: User) -> Ways:
    project = make.project("Messages", catalogue="boltly", administrator=alice)
    dora = make.user("dora@example.com")
    membership = make.member(project, dora, "administrator")
    new = partial(make.new_key, rate_limit=1_000_000)
    return Ways(
        user=dora,
        membership=membership,
        own=new(None, "Own", owner=dora),
        narrow=new(None, "Narrow", owner=dora, scopes=sorted(NARROW)),
        bound=new(project, "Bound", owner=dora, scopes=(), unrestricted=True),
        shared=new(project, "Shared", scopes=sorted(ALL)),
        token=access_of(dora),
        browser=signed_in(dora),
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_very_next_request_sees_it(case: Case, ways: Ways) -> None:
    case.before(ways)
    _everything_is_warm(ways)
    case.change(ways)
    for name in ("own", "narrow", "bound", "shared"):
        secret: str = getattr(ways, name).secret
        assert _let_through(secret) == getattr(case, name), name
        assert _without_django(secret) == _expected(getattr(case, name), "contacts:read"), name
    assert _let_through(ways.token) == case.token
    assert tuple(_page(ways, name) for name in PAGES) == case.pages


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_no_key_is_made_or_ended_beyond_what_is_left(case: Case, ways: Ways) -> None:
    """What the scope `tokens:create` and the role let somebody do for real, with the body that would do it."""
    case.before(ways)
    _everything_is_warm(ways)
    case.change(ways)
    for way, allowed in (("own", case.own), ("narrow", case.narrow), ("bound", case.bound), ("token", case.token)):
        secret: str = ways.token if way == "token" else getattr(ways, way).secret
        made = call("POST", f"{DEVELOPER}/api-keys", secret, body={"name": f"By {way}", "scopes": ["contacts:read"]})
        ended = call("POST", f"{DEVELOPER}/api-keys/{ways.shared.key.pk}/rotate", secret, body={})
        may = isinstance(allowed, frozenset) and "tokens:create" in allowed
        assert (made.status_code == 201) == may, (way, made.content)
        # The successor would be nobody's: a key of a user hands on nothing but keys of that user.
        assert (ended.status_code == 201) == (may and way == "token"), (way, ended.content)
    left = Key.objects.filter(name__startswith="By ").values_list("owner", flat=True)
    assert set(left) <= {ways.user.pk, None}


def test_table_has_a_door_for_each_scope_of_the_catalogue() -> None:
    assert set(DOORS) == set(catalogues.get("boltly").scopes)


def _everything_is_warm(ways: Ways) -> None:
    """Each way in has been let in, and is remembered wherever something is remembered."""
    for key in (ways.own, ways.narrow, ways.bound, ways.shared):
        assert call("GET", "/v1/contacts", key.secret).status_code == 200
        assert _without_django(key.secret) == (200, "ok")
    assert call("GET", "/v1/contacts", ways.token).status_code == 200
    assert _page(ways, "project") == 200


def _let_through(secret: str) -> Allowed | Refused:
    """The scopes whose doors open, or the one answer that all doors and /v1/me give."""
    answers = {scope: _knock(*door, secret) for scope, door in DOORS.items()}
    me = call("GET", "/v1/me", secret)
    if me.status_code != 200:
        refused = {_refusal(answer) for answer in (me, *answers.values())}
        assert len(refused) == 1, {scope: answer.content for scope, answer in answers.items()}
        return refused.pop()
    for answer in answers.values():
        assert answer.status_code in (200, 404, 422) or _refusal(answer)[1] in ("missing_scope", "forbidden")
    return frozenset(scope for scope, answer in answers.items() if answer.status_code != 403)


def _knock(method: str, path: str, secret: str) -> HttpResponse:
    return call(method, path, secret, body={} if method == "POST" else None)


def _refusal(answer: HttpResponse) -> Refused:
    body: dict[str, Any] = json.loads(answer.content)
    return answer.status_code, body["code"]


def _without_django(secret: str) -> Refused:
    """What /v1/verify says of reading contacts; /gate must agree."""
    verdict = ask("POST", "/v1/verify", secret, body={"resource": "contacts", "action": "read"})
    gate = ask("GET", "/gate", secret, X_Original_URI="/contacts", X_Original_Method="GET")
    assert gate.status_code == {200: 204}.get(verdict.status_code, verdict.status_code), gate.content
    return _refusal(verdict)


def _expected(allowed: Allowed | Refused, scope: str) -> Refused:
    if isinstance(allowed, frozenset):
        return (200, "ok") if scope in allowed else (403, "missing_scope")
    return allowed


def _page(ways: Ways, name: str) -> int:
    own = name in ("my_keys", "partner")
    return ways.browser.get(reverse(name, kwargs={} if own else {"slug": ways.membership.project.slug})).status_code
