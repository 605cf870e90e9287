"""Everything of one project, tried from another: what is not there and what is elsewhere cannot be told apart.

The routes are those of the resolver: one that is added is tried as well, and one with an ID of a new kind fails here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from django.http import HttpResponse
from django.urls import URLPattern, reverse

from apps.api import urls
from apps.keys.models import Key
from apps.webhooks.models import Endpoint
from tests.access import routes
from tests.access.world import FIXED, NOTHING, Side, side, state
from tests.api.call import call, data, pointers, problem
from tests.pages import text

pytestmark = pytest.mark.django_db

RESOURCE = {"api_record": "contacts", "api_records": "contacts", "api_schema": "contacts"}
"""For routes of every resource: the one that is tried."""

BODIES: Mapping[str, object] = {
    "api_key_revoke": {"reason": "leaked"},
    "api_broadcasts_report": {"status": "sent"},
    "api_templates_report": {"status": "approved"},
    "api_inbox_messages": {"text": "Hello"},
}
"""What a request needs so that nothing else is wrong with it; all others need nothing."""

WITHOUT_PROJECT = {"api_login", "api_refresh", "api_logout", "api_nowhere"}
BY_TOKEN_OF_A_MAIL = {
    "invitation", "invitation_accept", "invitation_join", "account_reset_password_from_key",
}  # fmt: skip
"""Pages that somebody without an account reaches, by a secret in the link. They have tests of their own."""

OF_BOLTEN = ("field", "board")
"""How the names of pages begin that only projects have whose fields are dynamic."""

FORMS: Mapping[str, dict[str, str]] = {
    "field_move": {"to": "up"},
    "board_move": {"to": "won", "seen": "null"},
    "key_rotate_now": {"grace": "0"},
    "my_key_rotate": {"grace": "0"},
}
"""What a page needs before it looks at what it is about."""


class Route(NamedTuple):
    name: str
    method: str
    arguments: frozenset[str]


def _api_routes() -> list[Route]:
    return [
        Route(pattern.name or "", method, frozenset(pattern.pattern.regex.groupindex))
        for pattern in urls.urlpatterns
        if pattern.name not in WITHOUT_PROJECT
        for method in _methods(pattern)
    ]


def _methods(pattern: URLPattern) -> list[str]:
    view: Any = pattern.callback
    return [method for method in ("GET", "POST", "PUT", "PATCH", "DELETE") if hasattr(view.cls, method.lower())]


API = _api_routes()
ABOUT_ONE = [route for route in API if route.arguments & NOTHING.keys()]
PAGES = [
    (name, arguments) for name, arguments in routes.with_arguments().items()
    if arguments and not name.startswith("api_") and name not in BY_TOKEN_OF_A_MAIL
]  # fmt: skip


@pytest.fixture
def theirs(db: None) -> Side:
    return side("Theirs", "boltly", "alice@example.com")


@pytest.fixture
def ours(db: None) -> Side:
    return side("Ours", "boltly", "eve@example.com")


def path_of(route: Route, ids: Mapping[str, str]) -> str:
    given = {**FIXED, "resource": RESOURCE.get(route.name, ""), **ids}
    return reverse(route.name, kwargs={name: given[name] for name in route.arguments})


def ids_of(there: Side, route: Route) -> dict[str, str]:
    """IDs of something there that the route is about."""
    resource = route.name.split("_")[1]
    return {**there.ids, "record_id": there.records.get(resource, there.ids["record_id"])}


def asked(route: Route, ids: Mapping[str, str], secret: str, **headers: str) -> HttpResponse:
    body = BODIES.get(route.name, {}) if route.method not in ("GET", "DELETE") else None
    return call(route.method, path_of(route, ids), secret, body=body, **headers)


def told(response: HttpResponse) -> tuple[int, Any]:
    """Status and body, without what differs between any two requests."""
    body = json.loads(response.content) if response.content else {}
    return response.status_code, {name: body[name] for name in body if name not in ("instance", "request_id")}


def test_every_argument_of_a_route_is_of_a_kind_that_is_tried() -> None:
    kinds = {argument for name, given in routes.with_arguments().items() for argument in given}
    assert kinds == {*NOTHING, *FIXED, "token", "uidb36"}, "Add an ID of this kind to world.py."


# --- in the path -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ABOUT_ONE, ids=lambda route: f"{route.method} {route.name}")
def test_id_in_a_path_of_the_api(route: Route, theirs: Side, ours: Side) -> None:
    before = state()
    for secret in (ours.key, ours.token):
        elsewhere, nowhere = (told(asked(route, ids, secret)) for ids in (ids_of(theirs, route), NOTHING))
        assert elsewhere == nowhere
        assert elsewhere[0] == 404 or (secret == ours.key and elsewhere[0] == 403), elsewhere
    assert told(asked(route, ids_of(theirs, route), ours.token)) == (404, elsewhere[1])
    assert state() == before
    assert asked(route, ids_of(theirs, route), theirs.token).status_code != 404, "the control: it is there for its own"


@pytest.mark.parametrize(("name", "arguments"), PAGES, ids=[name for name, _ in PAGES])
def test_id_in_the_address_of_a_page(name: str, arguments: frozenset[str]) -> None:
    catalogue = "bolten" if name.startswith(OF_BOLTEN) else "boltly"
    theirs, ours = side("Theirs", catalogue, "alice@example.com"), side("Ours", catalogue, "eve@example.com")
    before = state()
    there = {**theirs.ids, **({"key_id": theirs.own_key} if name.startswith("my_key_") else {})}
    for elsewhere, nowhere in _tries(arguments, there, ours.ids):
        for method in ("get", "post"):
            first, second = (_page(ours, method, name, arguments, ids) for ids in (elsewhere, nowhere))
            assert first == second
            # A page without the method says so to everybody; one that is for POST leads a GET back to where it begins.
            assert first[0] == 404 or (first[0], method) in ((405, "post"), (302, "get")), first
    assert state() == before
    assert _page(theirs, "get", name, arguments, there)[0] in (200, 302), "the control: it is there for its own"


def _page(
    side: Side, method: str, name: str, arguments: frozenset[str], ids: Mapping[str, str]
) -> tuple[int, str, str]:
    """Status, the page, and where it leads, with what was asked for left out."""
    given = {argument: {**FIXED, **ids}[argument] for argument in arguments}
    answer = getattr(side.browser, method)(reverse(name, kwargs=given), FORMS.get(name, {}))
    leads = str(answer.headers.get("Location", ""))
    for argument, value in given.items():
        leads = leads.replace(value, argument)
    shown = re.sub(r'(?<=name="csrfmiddlewaretoken" value=")[^"]*', "", text(answer))
    return answer.status_code, shown, leads


def _tries(
    arguments: frozenset[str], there: Mapping[str, str], here: Mapping[str, str]
) -> list[tuple[Mapping[str, str], Mapping[str, str]]]:
    """Pairs of IDs, elsewhere and nowhere: all of them foreign, and each alone among our own."""
    each = [({**here, a: there[a]}, {**here, a: NOTHING[a]}) for a in sorted(arguments - FIXED.keys())]
    return [(there, NOTHING), *each]


# --- in a header -----------------------------------------------------------------------------------------------------


def test_project_in_the_header(theirs: Side, ours: Side) -> None:
    before = state()
    for route in API:
        ids = ids_of(theirs, route)
        for secret in (ours.key, ours.token):
            nowhere = told(asked(route, ids, secret, X_Project="no-such-project"))
            assert (nowhere[0], nowhere[1]["code"]) == (404, "unknown_project"), route
            for name in (theirs.project.id, theirs.project.slug):
                assert told(asked(route, ids, secret, X_Project=name)) == nowhere, route
    assert state() == before


def test_idempotency_key_of_somebody_else_is_another(theirs: Side, ours: Side) -> None:
    for path, body in (
        ("/v1/contacts", {"name": "Ann"}),
        ("/v1/developer-access/api-keys", {"name": "New", "scopes": ["contacts:read"]}),
        ("/v1/developer-access/members", {"email": "new@example.com", "role": "member"}),
    ):
        first = call("POST", path, theirs.token, body=body, Idempotency_Key="same")
        second = call("POST", path, ours.token, body=body, Idempotency_Key="same")
        assert data(first)["id"] != data(second)["id"]
        assert "Idempotency-Replayed" not in second


# --- in a query ------------------------------------------------------------------------------------------------------

LISTS = [route for route in API if route.method == "GET" and route.name in (
    "api_records", "api_keys", "api_webhooks", "api_members", "api_inbox_messages", "api_webhook_deliveries",
)]  # fmt: skip
PARAMETERS = ("project", "project_id", "owner", "key_id", "q", "name", "email", "notes")


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.name)
def test_id_in_a_parameter_or_filter(route: Route, theirs: Side, ours: Side) -> None:
    path = path_of(route, ids_of(ours, route))
    for parameter in PARAMETERS:
        nowhere = told(call("GET", f"{path}?{parameter}=rec_{'0' * 22}", ours.token))
        for known in (theirs.project.id, theirs.project.slug, theirs.ids["key_id"], theirs.ids["record_id"]):
            assert told(call("GET", f"{path}?{parameter}={known}", ours.token)) == nowhere


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.name)
def test_cursor_of_a_list_leads_through_ones_own(route: Route, theirs: Side, ours: Side) -> None:
    _two_of_each(theirs)
    page = data(call("GET", f"{path_of(route, ids_of(theirs, route))}?limit=1", theirs.token))
    assert page["next_cursor"], "the control: there is a second page"
    path = path_of(route, ids_of(ours, route))
    own = {row["id"] for row in data(call("GET", path, ours.token))["data"]}
    here = data(call("GET", f"{path}?cursor={page['next_cursor']}", ours.token))["data"]
    assert {row["id"] for row in here} <= own


def _two_of_each(there: Side) -> None:
    inbox = f"/v1/inbox/{there.records['inbox']}/messages"
    hook = f"/v1/developer-access/webhooks/{there.ids['webhook_id']}/test"
    sent: list[tuple[str, object]] = [
        ("/v1/contacts", {"name": "Bea"}),
        (inbox, {"text": "Again"}),
        (hook, {}),
        ("/v1/developer-access/api-keys", {"name": "Two", "scopes": ["contacts:read"]}),
        ("/v1/developer-access/webhooks", {"url": "https://8.8.8.8/two", "events": ["contact.created"]}),
        ("/v1/developer-access/members", {"email": "two@example.com", "role": "member"}),
    ]
    for path, body in sent:
        assert call("POST", path, there.token, body=body).status_code in (201, 202)


SEARCHED = ("keys", "keys_ended", "audit", "webhook", "my_keys", "partner")
"""Pages with filters."""


@pytest.mark.parametrize("name", SEARCHED)
def test_id_in_the_filters_of_a_page(name: str, theirs: Side, ours: Side) -> None:
    arguments = routes.with_arguments()[name]
    path = reverse(name, kwargs={a: ours.ids[a] for a in arguments})
    for known in theirs.known:
        page = ours.browser.get(path, dict.fromkeys(("q", "actor", "about", "status", "page", "project"), known))
        assert page.status_code == 200
        shown = re.sub(r'value="[^"]*"|“[^”]*”|href="[^"]*"', "", text(page))
        assert not [each for each in (*theirs.known, theirs.project.name) if each in shown]


# --- in a body -------------------------------------------------------------------------------------------------------

NAMES = (
    "id", "project", "project_id", "project_slug", "key_id", "owner_id", "user", "user_id", "created_by", "maker",
    "endpoint_id", "webhook_id", "record", "record_id", "rotated_to", "membership", "member_id", "digest", "form_id",
)  # fmt: skip
WRITES: Mapping[str, object] = {
    "api_records": {"name": "Cy"},
    "api_record": {"name": "Cy"},
    "api_keys": {"name": "Cy", "scopes": ["contacts:read"]},
    "api_key_rotate": {},
    "api_key_revoke": {"reason": "leaked"},
    "api_webhooks": {"url": "https://8.8.8.8/cy", "events": ["contact.created"]},
    "api_webhook": {"events": ["contact.updated"]},
    "api_members": {"email": "cy@example.com", "role": "member"},
    "api_inbox_messages": {"text": "Hello"},
    "api_broadcasts_schedule": {},
}


@pytest.mark.parametrize("name", WRITES)
def test_id_in_a_body_means_nothing(name: str, theirs: Side, ours: Side) -> None:
    """What is written is written here, and nothing of the other project is read or touched."""
    [route] = [r for r in API if r.name == name and r.method in ("POST", "PATCH")]
    before = _of(theirs)
    for number, known in enumerate(theirs.known):
        body = {**_numbered(WRITES[name], number), **dict.fromkeys(NAMES, known)}
        answer = call(route.method, path_of(route, ids_of(ours, route)), ours.token, body=body)
        if number == 0 or name in ("api_records", "api_record", "api_keys", "api_webhooks", "api_members"):
            assert answer.status_code in (200, 201), answer.content
            assert json.loads(answer.content)["id"] not in theirs.known
            assert len(answer["Boltkeys-Ignored-Fields"].split(", ")) == len(NAMES)
    assert _of(theirs) == before


def _numbered(body: object, number: int) -> dict[str, Any]:
    """Names, addresses and URLs are taken once."""
    marks = {"name": f"Cy {number}", "email": f"cy{number}@example.com", "url": f"https://8.8.8.8/{number}"}
    return {name: marks.get(name, value) for name, value in dict(body).items()}  # type: ignore[call-overload]


def _of(there: Side) -> list[dict[str, object]]:
    """The rows that belong there."""
    rows = [row for table in state().values() for row in table]
    return [row for row in rows if there.project.id in map(str, row.values())]


def test_owner_of_a_key_is_oneself_or_nobody(theirs: Side, ours: Side) -> None:
    for known in theirs.known:
        body = {"name": "Cy", "scopes": ["contacts:read"], "owner": known}
        assert pointers(call("POST", "/v1/developer-access/api-keys", ours.token, body=body)) == {"/owner": "choice"}


def test_scopes_and_verify_take_no_id(theirs: Side, ours: Side) -> None:
    for known in theirs.known:
        body = {"name": "Cy", "scopes": [f"{known}:read"]}
        faults = pointers(call("POST", "/v1/developer-access/api-keys", ours.token, body=body))
        assert set(faults) == {"/scopes"} or set(faults) == {"/scopes/0"}


def test_form_of_somebody_else_makes_nothing_of_theirs_ours(theirs: Side, ours: Side) -> None:
    """Forms carry an ID, so that sending one twice makes one key. One that is known from elsewhere tells nothing."""
    form = "form_" + "a" * 22
    sent = {"form_id": form, "name": "Site", "expiry": "never", "scope": "contacts:read", "access": "restricted"}
    made = theirs.browser.post(reverse("key_create", args=[theirs.project.slug]), sent)
    assert made.status_code == 200 and Key.objects.filter(project=theirs.project, form_id=form).exists()
    answer = ours.browser.post(reverse("key_create", args=[ours.project.slug]), sent)
    assert answer.status_code in (200, 409)
    assert not [each for each in theirs.known if each in text(answer)]


def test_form_with_the_id_of_a_webhook_elsewhere_makes_nothing_of_it_ours(theirs: Side, ours: Side) -> None:
    before = Endpoint.objects.filter(project=theirs.project).values().get()
    sent = {"form_id": theirs.ids["webhook_id"], "url": "https://8.8.8.8/eve", "events": ["contact.created"]}
    answer = ours.browser.post(reverse("webhook_new", args=[ours.project.slug]), sent)
    assert answer.status_code in (200, 422)
    assert Endpoint.objects.filter(project=theirs.project).values().get() == before
    assert "https://8.8.8.8/hooks" not in text(answer)


def test_problem_is_what_it_is(theirs: Side, ours: Side) -> None:
    """The control for `told`: what is compared above is a whole problem."""
    body = problem(call("GET", f"/v1/contacts/{theirs.records['contacts']}", ours.key), 404, "not_found")
    assert {"type", "title", "status", "detail", "code"} <= told(
        call("GET", f"/v1/contacts/{theirs.records['contacts']}", ours.key)
    )[1].keys() & body.keys()
