"""Every route of the API, and everybody who may come along. A route that is not in the table fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts import service as accounts
from apps.accounts.models import User
from apps.api import urls
from apps.core import secret
from apps.core.ids import random_text
from apps.keys import service as keys
from apps.projects.models import Project
from apps.records import service
from apps.records.models import Record
from tests import make
from tests.api.call import call, data, problem, secret_for
from tests.api.people import access_of
from tests.api.test_permissions import BOLTCALL

# route → for each method that it has: what the holder of a good key gets, and the holder of one of another project.
ROUTES: dict[str, dict[str, tuple[int, int]]] = {
    "api_me": {"GET": (200, 200)},
    "api_records": {"GET": (200, 200), "POST": (201, 201)},
    "api_schema": {"GET": (200, 200)},
    "api_record": {"GET": (200, 404), "PATCH": (200, 404), "DELETE": (204, 404)},
    "api_scopes": {"GET": (200, 200)},
}

# route → its path and methods. What each needs: developer_access/, test_members.py, tests/webhooks/test_api.py.
KEYS, HOOKS = "/v1/developer-access/api-keys", "/v1/developer-access/webhooks"
PEOPLE = "/v1/developer-access/members"
MANAGEMENT: dict[str, tuple[str, tuple[str, ...]]] = {
    "api_keys": (KEYS, ("GET", "POST")),
    "api_key": (f"{KEYS}/x", ("GET", "DELETE")),
    "api_key_revoke": (f"{KEYS}/x/revoke", ("POST",)),
    "api_key_rotate": (f"{KEYS}/x/rotate", ("POST",)),
    "api_key_usage": (f"{KEYS}/x/usage", ("GET",)),
    "api_webhooks": (HOOKS, ("GET", "POST")),
    "api_webhook": (f"{HOOKS}/x", ("GET", "PATCH", "DELETE")),
    "api_webhook_test": (f"{HOOKS}/x/test", ("POST",)),
    "api_webhook_rotate": (f"{HOOKS}/x/rotate", ("POST",)),
    "api_members": (PEOPLE, ("GET", "POST")),
    "api_member": (f"{PEOPLE}/x", ("GET", "PATCH", "DELETE")),
    "api_webhook_deliveries": (f"{HOOKS}/x/deliveries", ("GET",)),
}

# route → its path and methods. What each needs: test_operations.py.
OPERATIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "api_broadcasts_schedule": ("/v1/broadcasts/x/schedule", ("POST",)),
    "api_broadcasts_unschedule": ("/v1/broadcasts/x/unschedule", ("POST",)),
    "api_broadcasts_send": ("/v1/broadcasts/x/send", ("POST",)),
    "api_broadcasts_retry": ("/v1/broadcasts/x/retry", ("POST",)),
    "api_broadcasts_report": ("/v1/broadcasts/x/report", ("POST",)),
    "api_broadcasts_metrics": ("/v1/broadcasts/x/metrics", ("GET",)),
    "api_contacts_tag": ("/v1/contacts/x/tags/vip", ("PUT", "DELETE")),
    "api_inbox_messages": ("/v1/inbox/x/messages", ("GET", "POST")),
    "api_templates_submit": ("/v1/templates/x/submit", ("POST",)),
    "api_templates_report": ("/v1/templates/x/report", ("POST",)),
    "api_templates_sync": ("/v1/templates/sync", ("POST",)),
}

PUBLIC = {"api_login", "api_refresh", "api_logout", "api_openapi", "api_nowhere"}


def revoked(project: Project) -> str:
    made = make.new_key(project, "revoked")
    keys.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
    return made.secret


def deleted(project: Project) -> str:
    made = make.new_key(project, "deleted")
    keys.delete_key(actor=make.TESTER, key=made.key)
    return made.secret


def expired(project: Project) -> str:
    made = make.new_key(project, "expired", expires_at=timezone.now() + make.timedelta(days=1))
    make.expire(made.key)
    return made.secret


def suspended(project: Project) -> str:
    key = make.new_key(project, "suspended").secret
    Project.objects.filter(pk=project.pk).update(suspended_at=timezone.now())
    return key


def elsewhere(project: Project) -> str:
    return make.new_key(project, "elsewhere", allowed_ips=["198.51.100.0/24"]).secret


def mistyped(project: Project) -> str:
    key = make.new_key(project, "mistyped").secret
    return key[:-1] + ("a" if key[-1] != "a" else "b")


def made_up(project: Project) -> str:
    return secret.mint("sk_live_", random_text)


REFUSED: dict[Callable[[Project], str], tuple[int, str]] = {
    revoked: (401, "revoked"),
    deleted: (401, "deleted"),
    expired: (401, "expired"),
    mistyped: (401, "malformed"),
    made_up: (401, "unknown"),
    suspended: (403, "suspended"),
    elsewhere: (403, "ip_denied"),
}


def path_of(route: str, record_id: str) -> str:
    return {
        "api_me": "/v1/me",
        "api_records": "/v1/leads",
        "api_schema": "/v1/leads/schema",
        "api_record": f"/v1/leads/{record_id}",
        "api_scopes": "/v1/developer-access/scopes",
        **{name: path for name, (path, _) in {**MANAGEMENT, **OPERATIONS}.items()},
    }[route]


def a_lead(project: Project) -> str:
    written = service.create_record(
        actor=make.TESTER, project_id=project.id, resource=BOLTCALL.resources["leads"], data={"name": "Ann"}
    )
    return written.record.id


CALLS = [(route, method) for route, methods in ROUTES.items() for method in methods]
MANAGED = [(route, method) for route, (_, methods) in MANAGEMENT.items() for method in methods]
OPERATED = [(route, method) for route, (_, methods) in OPERATIONS.items() for method in methods]


def test_every_route_is_in_the_table() -> None:
    assert {pattern.name for pattern in urls.urlpatterns} == {*ROUTES, *MANAGEMENT, *OPERATIONS, *PUBLIC}


def test_every_method_of_a_route_is_in_the_table() -> None:
    for pattern in urls.urlpatterns:
        if pattern.name not in PUBLIC:
            view: Any = pattern.callback
            methods = {m for m in ("GET", "POST", "PUT", "PATCH", "DELETE") if hasattr(view.cls, m.lower())}
            assert methods == {m for route, m in CALLS + MANAGED + OPERATED if route == pattern.name}, pattern.name


@pytest.mark.parametrize(("route", "method"), CALLS)
def test_key_of_the_project_gets_in(route: str, method: str, project: Project) -> None:
    key = secret_for(project, "leads:read", "leads:write")
    body = {"name": "Ann"} if method in ("POST", "PATCH") else None
    response = call(method, path_of(route, a_lead(project)), key, body=body)
    assert response.status_code == ROUTES[route][method][0]


@pytest.mark.parametrize(("route", "method"), CALLS)
def test_key_of_another_project_finds_nothing(route: str, method: str, project: Project) -> None:
    key = secret_for(make.project("Other"), "leads:read", "leads:write")
    lead = a_lead(project)
    response = call(method, path_of(route, lead), key, body={"name": "Eve"} if method in ("POST", "PATCH") else None)
    assert response.status_code == ROUTES[route][method][1]
    if method == "GET":
        assert lead not in response.content.decode().replace(f"/v1/leads/{lead}", "")
    assert data(call("GET", f"/v1/leads/{lead}", secret_for(project, "leads:read")))["name"] == "Ann"


@pytest.mark.parametrize(("route", "method"), CALLS + MANAGED + OPERATED)
def test_anonymous_is_told_how_to_send_a_key(route: str, method: str, project: Project) -> None:
    response = call(method, path_of(route, a_lead(project)))
    problem(response, 401, "unauthenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="boltkeys"'
    assert "RateLimit" not in response


@pytest.mark.parametrize(("route", "method"), CALLS + MANAGED)
def test_access_token_that_has_ended_is_refused(route: str, method: str, project: Project, alice: User) -> None:
    lead, token = a_lead(project), access_of(alice)
    body = {"name": "Eve"} if method in ("POST", "PATCH") else None
    assert call(method, path_of(route, lead), token, body=body).status_code not in (401, 403)
    accounts.set_password(actor=make.TESTER, user=alice, password="another long passphrase")
    problem(call(method, path_of(route, lead), token, body=body), 401, "revoked")


@pytest.mark.parametrize(("route", "method"), MANAGED)
def test_what_manages_the_project_is_closed_to_its_other_people_and_keys(
    route: str, method: str, project: Project, bob: User, carol: User
) -> None:
    body = {"name": "Eve"} if method in ("POST", "PATCH") else None
    for token in (access_of(bob), access_of(carol)):
        problem(call(method, path_of(route, ""), token, body=body), 403, "forbidden")
    key = secret_for(project, *BOLTCALL.scopes)
    problem(call(method, path_of(route, ""), key, body=body), 403, "missing_scope")


@pytest.mark.parametrize("who", REFUSED, ids=lambda who: who.__name__)
@pytest.mark.parametrize(("route", "method"), CALLS + MANAGED + OPERATED)
def test_key_that_is_no_good_is_refused(
    route: str, method: str, who: Callable[[Project], str], project: Project
) -> None:
    lead = a_lead(project)
    key = who(project)
    status, code = REFUSED[who]
    response = call(method, path_of(route, lead), key, body={"name": "Eve"} if method in ("POST", "PATCH") else None)
    problem(response, status, code)
    if status == 401:
        assert response["WWW-Authenticate"] == 'Bearer realm="boltkeys", error="invalid_token"'
    assert Record.objects.filter(project=project).values_list("data", flat=True).get() == {"name": "Ann"}


def test_what_belongs_to_another_project_looks_like_what_does_not_exist(project: Project) -> None:
    key = secret_for(make.project("Other"), "leads:read", "leads:write")
    for method in ("GET", "PATCH", "DELETE"):
        body = {"name": "Eve"} if method == "PATCH" else None
        foreign = problem(call(method, f"/v1/leads/{a_lead(project)}", key, body=body), 404, "not_found")
        nothing = problem(call(method, f"/v1/leads/rec_{'0' * 22}", key, body=body), 404, "not_found")
        for varying in ("instance", "request_id"):
            del foreign[varying], nothing[varying]
        assert foreign == nothing


def test_record_of_another_resource_is_not_found(project: Project) -> None:
    key = secret_for(project, "calls:read", "leads:read")
    problem(call("GET", f"/v1/calls/{a_lead(project)}", key), 404, "not_found")


def test_other_project_cannot_be_addressed_with_a_project_key(project: Project) -> None:
    other = make.project("Other")
    key = secret_for(project, "leads:read")
    for name in (other.id, other.slug, "nope", "x" * 5000):
        problem(call("GET", "/v1/leads", key, X_Project=name), 404, "unknown_project")
    for name in (project.id, project.slug, ""):
        assert call("GET", "/v1/leads", key, X_Project=name).status_code == 200


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/nope", "/v1/leads/", "/v1/leads/a/b", "/v1/tokens", "/v1/me/", "/v1//leads", "/v1/%00"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS", "FOO"])
def test_path_that_leads_nowhere_is_404_without_a_redirect(path: str, method: str, project: Project) -> None:
    problem(call(method, path, secret_for(project, "leads:read"), body={}), 404, "not_found")
    problem(call(method, path, body={}), 404, "not_found")


def test_slash_at_the_end_is_told(project: Project) -> None:
    body = problem(call("GET", "/v1/leads/", secret_for(project, "leads:read")), 404, "not_found")
    assert body["detail"].endswith("No path ends in a slash.")
