"""GET /gate: may the request that a proxy has at hand go on?"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.utils import timezone

from apps.accounts.models import User
from apps.api.identity import HEADERS
from apps.core.errors import Unavailable
from apps.gate import gate
from apps.keys import service as keys
from apps.projects.models import Project
from apps.usage import queries, service
from tests import make
from tests.api.call import problem, secret_for
from tests.api.direct import DJANGO, ask
from tests.api.test_access import REFUSED

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(project: Project) -> str:
    return secret_for(project, "leads:read")


def may(key: str, method: str = "GET", uri: str = "/leads", *, gate: str = "/gate", **headers: str) -> HttpResponse:
    """Asks as nginx does."""
    return ask("GET", gate, key, X_Original_Method=method, X_Original_URI=uri, **headers)


def refused(response: HttpResponse, status: int, code: str) -> dict[str, object]:
    """The problem, after a look at what no refusal of the gate may lack: nobody's identity."""
    assert {name: response[name] for name in HEADERS} == dict.fromkeys(HEADERS, "")
    return problem(response, status, code)


def test_good_key_may_go_on_and_is_named(project: Project) -> None:
    made = make.new_key(project, scopes=["leads:write", "calls:read"], rate_limit=9)
    response = may(made.secret, "POST")
    assert (response.status_code, response.content) == (204, b"")
    assert {name: response[name] for name in HEADERS} == {
        "X-Boltkeys-Key-Id": made.key.id,
        "X-Boltkeys-Project-Id": project.id,
        "X-Boltkeys-Scopes": "calls:read leads:write",
        "X-Boltkeys-Owner": "",
    }
    assert response["RateLimit-Policy"] == '"minute";q=9;w=60'
    assert response["RateLimit"].startswith('"minute";r=8;t=')
    assert response["Cache-Control"] == "no-store" and response["X-Request-Id"].startswith("req_")
    assert "X-Boltkeys-Problem" not in response


def test_owner_of_a_key_is_named_by_id(project: Project, alice: User) -> None:
    made = make.new_key(None, scopes=["leads:read"], owner=alice)
    assert may(made.secret)["X-Boltkeys-Owner"] == str(alice.pk)


def test_head_is_answered_as_get(key: str) -> None:
    response = ask("HEAD", "/gate", key, X_Original_Method="GET", X_Original_URI="/leads")
    assert response.status_code == 204
    response = ask("HEAD", "/gate", X_Original_Method="GET", X_Original_URI="/leads")
    assert (response.status_code, response.content) == (401, b"") and response["Content-Length"] != "0"


def test_x_api_key_is_accepted(key: str) -> None:
    assert may("", X_API_Key=key).status_code == 204


@pytest.mark.parametrize("condition", REFUSED, ids=lambda condition: condition.__name__)
def test_bad_key_is_refused_as_everywhere(condition, project: Project) -> None:  # type: ignore[no-untyped-def]
    status, code = REFUSED[condition]
    response = may(condition(project))
    refused(response, status, code)
    if status == 401:
        assert response["WWW-Authenticate"] == 'Bearer realm="boltkeys", error="invalid_token"'


def test_no_key_is_told_how_to_send_one() -> None:
    response = may("")
    refused(response, 401, "unauthenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="boltkeys"'


def test_two_keys_are_400(key: str) -> None:
    refused(may(key, X_API_Key=key), 400, "two_keys")
    refused(may("", Authorization=f"Bearer {key},Bearer {key}"), 400, "two_keys")


def test_missing_scope_is_named(key: str) -> None:
    response = may(key, "DELETE", "/leads/42")
    body = refused(response, 403, "missing_scope")
    assert (body["required_scope"], body["granted_scopes"]) == ("leads:write", ["leads:read"])
    assert response["WWW-Authenticate"].endswith('error="insufficient_scope", scope="leads:write"')


def test_limit_holds_and_says_how_long_to_wait(project: Project) -> None:
    key = secret_for(project, "leads:read", rate_limit=2)
    assert [may(key).status_code for _ in range(2)] == [204, 204]
    response = may(key)
    body = refused(response, 429, "rate_limited")
    assert 1 <= int(response["Retry-After"]) <= 61 and body["retry_after"] == int(response["Retry-After"])
    assert response["RateLimit"].startswith('"minute";r=0;t=')


def test_revoked_key_is_refused_by_the_next_request(project: Project) -> None:
    made = make.new_key(project)
    assert may(made.secret).status_code == 204
    keys.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
    refused(may(made.secret), 401, "revoked")


def test_address_is_that_of_the_client(project: Project, settings: object) -> None:
    key = secret_for(project, "leads:read", allowed_ips=["198.51.100.0/24"])
    refused(may(key, X_Forwarded_For="198.51.100.9"), 403, "ip_denied")
    settings.TRUSTED_PROXIES = 1  # type: ignore[attr-defined]
    assert may(key, X_Forwarded_For="203.0.113.1, 198.51.100.9").status_code == 204
    refused(may(key, X_Forwarded_For="198.51.100.9, 203.0.113.1"), 403, "ip_denied")


# --- what is asked about ---------------------------------------------------------------------------------------------

ORIGINAL = {"X_Original_Method": "GET", "X_Original_URI": "/leads"}
FORWARDED = {"X_Forwarded_Method": "GET", "X_Forwarded_Uri": "/leads"}


def test_either_pair_of_headers_says_what_is_asked_about(key: str) -> None:
    assert ask("GET", "/gate", key, **ORIGINAL).status_code == 204
    assert ask("GET", "/gate", key, **FORWARDED).status_code == 204
    refused(ask("GET", "/gate", key, **{**FORWARDED, "X_Forwarded_Uri": "/calls"}), 403, "missing_scope")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X_Original_URI": "/leads"},
        {"X_Original_Method": "GET"},
        {"X_Forwarded_Uri": "/leads"},
        {"X_Original_Method": "GET", "X_Forwarded_Uri": "/leads"},
        {"X_Original_Method": "GET", "X_Original_URI": ""},
        {"X_Original_Method": "", "X_Original_URI": "/leads"},
        {**ORIGINAL, **FORWARDED},
        {**ORIGINAL, "X_Forwarded_Uri": "/leads"},
        {**ORIGINAL, "X_Forwarded_Method": ""},
        {**FORWARDED, "X_Original_URI": ""},
    ],
)
def test_anything_but_one_whole_pair_is_400(headers: dict[str, str], key: str) -> None:
    refused(ask("GET", "/gate", key, **headers), 400, "bad_request")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({**ORIGINAL, "X_Original_URI": "/leads,/leads"}, 404),
        ({**ORIGINAL, "X_Original_URI": "/leads/1,/leads/2"}, 404),
        ({**ORIGINAL, "X_Original_Method": "GET,GET"}, 405),
    ],
)
def test_header_that_came_twice_lets_nobody_through(headers: dict[str, str], status: int, key: str) -> None:
    assert ask("GET", "/gate", key, **headers).status_code == status


def test_prefix_is_configured_in_the_path_of_the_gate(key: str) -> None:
    assert may(key, uri="/api/v2/leads/42?x=1", gate="/gate/api/v2").status_code == 204
    assert may(key, uri="/api/v2/leads", gate="/gate/api/v2/").status_code == 204
    refused(may(key, uri="/leads", gate="/gate/api/v2"), 404, "unknown_resource")
    refused(may(key, uri="/api/v2/leads"), 404, "unknown_resource")


@pytest.mark.parametrize("gate", ["/gate?prefix=/api", "/gate?resource=leads", "/gate?X-Original-URI=/leads"])
def test_query_of_the_gate_means_nothing(gate: str, key: str) -> None:
    refused(may(key, uri="/api/leads", gate=gate), 404, "unknown_resource")


@pytest.mark.parametrize(
    "uri",
    [
        "/leads/..%2fcalls",
        "/leads/../calls",
        "/leads//42",
        "//leads",
        "/leads;x",
        "/leads/;x/42",
        "/%6ceads",
        "/Leads",
        "/LEADS",
        "/leads%00",
        "/leads/42/notes/7",
        "leads",
        "/",
        "*",
        "http://elsewhere/leads",
        "/nothing",
    ],
)
def test_tricks_with_the_path_lead_nowhere_and_are_counted(uri: str, project: Project) -> None:
    made = make.new_key(project)
    refused(may(made.secret, uri=uri), 404, "unknown_resource")
    service.settle()
    assert queries.by_outcome(frozenset({made.key.id}), timezone.now(), "24h") == {"unknown_resource": 1}


@pytest.mark.parametrize("method", ["PUT", "get", "OPTIONS", "TRACE", "", "GET "])
def test_method_that_no_action_covers_is_405_with_those_that_one_does(method: str, key: str) -> None:
    response = may(key, method or "-", "/leads/42")
    refused(response, 405, "method_not_allowed")
    assert response["Allow"] == "GET, HEAD, PATCH, DELETE"


@pytest.fixture
def boltly(alice: User) -> Project:
    return make.project("Boltly", catalogue="boltly", administrator=alice)


@pytest.mark.parametrize(
    ("scope", "method", "uri", "status"),
    [
        ("templates:manage", "POST", "/templates/sync", 204),
        ("templates:create", "POST", "/templates/sync", 403),
        ("templates:create", "POST", "/templates/42/submit", 204),
        ("templates:create", "PATCH", "/templates/sync", 405),
        ("templates:create", "PATCH", "/templates/sync.json", 405),
        ("templates:create", "PATCH", "/templates/SYNC", 405),
        ("templates:create", "PATCH", "/templates/42.json", 204),
        ("templates:create", "PATCH", "/templates.json/42", 404),
        ("broadcasts:send", "POST", "/broadcasts/42/send", 204),
        ("broadcasts:create", "POST", "/broadcasts/42/send", 403),
        ("broadcasts:send", "GET", "/broadcasts/42", 403),
        ("broadcasts:send", "GET", "/broadcasts/send", 405),
        ("inbox:read", "GET", "/inbox/42/messages", 204),
        ("inbox:read", "POST", "/inbox/42/messages", 403),
        ("inbox:write", "POST", "/inbox/42/messages", 204),
        ("contacts:write", "POST", "/contacts/42/everything", 404),
        ("contacts:read", "GET", "/contacts/42/everything", 404),
        ("contacts:write", "POST", "/contacts/import", 405),
        ("tokens:read", "GET", "/tokens", 404),
        ("tokens:read", "GET", "/tokens/x/keys.list", 404),
    ],
)
def test_operations_need_their_own_action(scope: str, method: str, uri: str, status: int, boltly: Project) -> None:
    assert may(secret_for(boltly, scope), method, uri).status_code == status


# --- how it is answered ----------------------------------------------------------------------------------------------


def test_nginx_gets_the_problem_in_a_header_as_well(key: str) -> None:
    response = may(key, "DELETE")
    assert json.loads(response["X-Boltkeys-Problem"]) == json.loads(response.content)
    assert response["X-Boltkeys-Problem"].isascii() and response["X-Boltkeys-Problem"].isprintable()
    assert "X-Boltkeys-Problem" not in ask("GET", "/gate", key, **FORWARDED, X_API_Key=key)


def test_problem_stays_small_enough_for_a_header(alice: User) -> None:
    for number in range(40):
        make.project(f"Client project number {number:02} of the agency with a long name", administrator=alice)
    key = make.new_key(None, scopes=["leads:read"], owner=alice).secret
    response = may(key)
    choices = refused(response, 400, "ambiguous_project")["choices"]
    assert isinstance(choices, list) and len(choices) == 20 and choices[0].startswith("client-project-number-00")
    assert len(response["X-Boltkeys-Problem"]) < 2_500
    assert may(key, X_Project="client-project-number-39-of-the-agency-with-a-long-name").status_code == 204


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_gate_itself_is_asked_by_get(method: str, key: str) -> None:
    response = ask(method, "/gate", key, **ORIGINAL)
    refused(response, 405, "method_not_allowed")
    assert response["Allow"] == "GET, HEAD"


def test_each_request_is_counted_once(project: Project) -> None:
    made = make.new_key(project, rate_limit=3)
    for method in ("GET", "GET", "DELETE", "GET", "GET"):
        may(made.secret, method)
    service.settle()
    assert queries.by_outcome(frozenset({made.key.id}), timezone.now(), "24h") == {
        "ok": 3,
        "missing_scope": 1,
        "rate_limited": 1,
    }
    assert queries.by_resource(frozenset({made.key.id}), timezone.now(), "24h") == {"leads": 3}


def test_changed_key_is_named_anew(project: Project, alice: User) -> None:
    made = make.new_key(project, expires_at=timezone.now() + timedelta(days=1))
    before = may(made.secret)["RateLimit-Policy"]
    keys.set_rate_limit(actor=make.TESTER, key=made.key, limit=7)
    assert before != may(made.secret)["RateLimit-Policy"] == '"minute";q=7;w=60'


def test_nothing_is_let_through_when_no_store_answers(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def verify(*args: object) -> None:
        raise Unavailable("The database does not answer. Try again in a moment.")

    monkeypatch.setattr(gate, "verify", verify)
    response = may(key)
    refused(response, 503, "unavailable")
    assert response["Retry-After"] == "2"


def test_failure_is_a_problem_and_logged_once(
    key: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gate, "verify", lambda *args: 1 / 0)
    body = refused(may(key), 500, "internal_error")
    assert "ZeroDivision" not in json.dumps(body)
    assert [str(body["request_id"]) in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize("path", ["/gates", "/", "/v1/gate", "/v1/verify/", "/v1/me", "/Gate", "//gate"])
def test_all_other_paths_are_for_django(path: str) -> None:
    assert ask("GET", path).content == DJANGO
