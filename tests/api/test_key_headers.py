"""How a key is presented: one header, once, never in the URL."""

from __future__ import annotations

import logging

import pytest

from apps.projects.models import Project
from apps.usage import queries, service
from tests import make
from tests.api.call import call, problem, secret_for


@pytest.fixture
def key(project: Project) -> str:
    return secret_for(project, "leads:read")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", " Bearer", "Bearer "])
def test_bearer_is_accepted(scheme: str, key: str) -> None:
    assert call("GET", "/v1/leads", Authorization=f"{scheme} {key}").status_code == 200


def test_x_api_key_is_accepted(key: str) -> None:
    assert call("GET", "/v1/leads", X_API_Key=key).status_code == 200


def test_scheme_of_a_proxy_does_not_get_in_the_way(key: str) -> None:
    assert call("GET", "/v1/leads", Authorization="Basic YTpi", X_API_Key=key).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer {key}", "X_API_Key": "{key}"},
        {"Authorization": "Bearer {key}", "X_API_Key": "sk_live_other"},
        {"Authorization": "Bearer {key}", "X_API_Key": ""},
        {"Authorization": "Bearer", "X_API_Key": "{key}"},
        {"Authorization": "Bearer {key},Bearer {key}"},
        {"Authorization": "Bearer {key}, Bearer sk_live_other"},
        {"Authorization": "Basic YTpi,Bearer {key}"},
        {"Authorization": "Bearer {key},"},
        {"X_API_Key": "{key},{key}"},
        {"X_API_Key": "sk_live_other, {key}"},
        {"X_API_Key": "{key},"},
    ],
)
def test_two_keys_are_400_and_never_one_of_them(headers: dict[str, str], key: str) -> None:
    response = call("GET", "/v1/leads", **{name: value.format(key=key) for name, value in headers.items()})
    problem(response, 400, "two_keys")
    assert response["WWW-Authenticate"] == 'Bearer realm="boltkeys", error="invalid_request"'


@pytest.mark.parametrize(
    "presented",
    [
        "",
        " ",
        "x",
        "k" * 10_240,
        "{head} {tail}",
        "{key} {key}",
        "{key}\x0b",
        "{key}=",
        '"{key}"',
        "pk_live_{random}",
        "sk_prod_{random}",
        "SK_LIVE_{random}",
        "sk-live-{random}",
        "sk_live_é",
        "sk_live_\u202e{random}",
        "sk_live_١٢٣",
        "sk_live_" + "0" * 38,
        "eyJhbGciOiJub25lIn0.e30.",
        "None",
        "null",
        "' OR 1=1 --",
        "{upper}",
    ],
)
@pytest.mark.parametrize("header", ["Authorization", "X_API_Key"])
def test_what_is_no_key_is_401(header: str, presented: str, key: str) -> None:
    parts = {"key": key, "head": key[:20], "tail": key[20:], "random": key[8:], "upper": key.upper()}
    text = presented.format(**parts).encode().decode("latin-1")  # as servers hand headers on
    value = f"Bearer {text}" if header == "Authorization" else text
    response = call("GET", "/v1/leads", **{header: value})
    body = problem(response, 401, "malformed")
    assert response["WWW-Authenticate"] == 'Bearer realm="boltkeys", error="invalid_token"'
    assert key not in str(body)


@pytest.mark.parametrize("value", ["", "Basic YTpi", "Token {key}", "{key}", "Bearer{key}", 'Digest username="a"'])
def test_other_schemes_are_no_key(value: str, key: str) -> None:
    response = call("GET", "/v1/leads", Authorization=value.format(key=key))
    problem(response, 401, "unauthenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="boltkeys"'


@pytest.mark.parametrize("name", ["api_key", "key", "access_token", "X-API-Key", "authorization", "token"])
def test_key_in_the_url_is_neither_used_nor_shown_nor_logged(
    name: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    response = call("GET", f"/v1/leads?{name}={key}")
    problem(response, 401, "unauthenticated")
    in_path = call("GET", f"/v1/leads/{key}")
    assert problem(in_path, 401, "unauthenticated")["instance"] == "/v1/leads/sk_live_%5Bredacted%5D"
    known = call("GET", f"/v1/leads?{name}={key}&{key}=1", key)
    for answer in (response, in_path, known):
        assert key not in answer.content.decode() + str(answer.headers)
    assert key not in caplog.text


def test_request_is_verified_and_counted_once(project: Project) -> None:
    made = make.new_key(project)
    call("GET", "/v1/leads", made.secret)
    call("GET", "/v1/calls", made.secret)
    call("PUT", "/v1/leads", made.secret)
    service.settle()
    now = make.datetime.now(make.datetime.now().astimezone().tzinfo)
    assert queries.by_outcome(frozenset({made.key.id}), now, "24h") == {
        "missing_scope": 1,
        "ok": 1,
        "unknown_action": 1,
    }
    assert queries.by_resource(frozenset({made.key.id}), now, "24h") == {"leads": 1}


def test_address_of_the_client_is_the_one_that_the_trusted_proxy_saw(
    project: Project, settings: pytest.FixtureRequest
) -> None:
    key = make.new_key(project, allowed_ips=["198.51.100.7/32"]).secret
    forwarded = {"X_Forwarded_For": "203.0.113.1, 198.51.100.7"}
    problem(call("GET", "/v1/leads", key, **forwarded), 403, "ip_denied")
    settings.TRUSTED_PROXIES = 1  # type: ignore[attr-defined]
    assert call("GET", "/v1/leads", key, **forwarded).status_code == 200
    settings.TRUSTED_PROXIES = 2  # type: ignore[attr-defined]
    problem(call("GET", "/v1/leads", key, **forwarded), 403, "ip_denied")
