"""The rate limit as clients see it."""

from __future__ import annotations

import re

import pytest

from apps.keys import service as keys
from apps.projects.models import Project
from tests import make
from tests.api.call import call, problem


def limits(response: object) -> tuple[int, int, int]:
    """quota, remaining, seconds."""
    policy = re.fullmatch(r'"minute";q=(\d+);w=60', response["RateLimit-Policy"])  # type: ignore[index]
    limit = re.fullmatch(r'"minute";r=(\d+);t=(\d+)', response["RateLimit"])  # type: ignore[index]
    assert policy and limit
    return int(policy[1]), int(limit[1]), int(limit[2])


def test_remaining_requests_are_counted_down_to_a_429(project: Project) -> None:
    key = make.new_key(project, rate_limit=3).secret
    for remaining in (2, 1, 0):
        response = call("GET", "/v1/leads", key)
        quota, left, seconds = limits(response)
        assert (response.status_code, quota, left) == (200, 3, remaining)
        assert 0 < seconds <= 60
    refused = call("GET", "/v1/leads", key)
    body = problem(refused, 429, "rate_limited")
    assert limits(refused)[:2] == (3, 0)
    assert refused["Retry-After"] == str(body["retry_after"])
    assert limits(refused)[2] <= body["retry_after"] <= 61 and body["retry_after"] >= 1
    assert body["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
    assert body["violated-policies"] == ["minute"]


def test_limit_is_that_of_the_key_and_a_change_holds_at_once(project: Project) -> None:
    made = make.new_key(project, rate_limit=1)
    assert call("GET", "/v1/leads", made.secret).status_code == 200
    assert call("GET", "/v1/leads", made.secret).status_code == 429
    keys.set_rate_limit(actor=make.TESTER, key=made.key, limit=2)
    assert call("GET", "/v1/leads", made.secret).status_code == 200
    assert limits(call("GET", "/v1/leads", made.secret))[:2] == (2, 0)


def test_keys_have_limits_of_their_own(project: Project) -> None:
    first, second = (make.new_key(project, name, rate_limit=1).secret for name in ("first", "second"))
    for key in (first, second):
        assert call("GET", "/v1/leads", key).status_code == 200
        assert call("GET", "/v1/leads", key).status_code == 429


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/leads", 200),
        ("GET", "/v1/me", 200),
        ("GET", "/v1/leads/schema", 200),
        ("GET", "/v1/analytics", 403),
        ("GET", "/v1/leads/x", 404),
        ("GET", "/v1/opportunities", 404),
        ("PUT", "/v1/leads", 405),
        ("OPTIONS", "/v1/leads", 405),
        ("GET", "/v1/leads?limit=0", 422),
        ("POST", "/v1/leads", 400),
    ],
)
def test_every_answer_to_a_known_key_has_the_limit(method: str, path: str, status: int, project: Project) -> None:
    key = make.new_key(project, scopes=["leads:read", "leads:write"]).secret
    response = call(method, path, key)
    assert response.status_code == status
    assert limits(response)[0] == 60


def test_refused_key_that_is_known_has_the_limit_too(project: Project) -> None:
    made = make.new_key(project)
    keys.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
    response = call("GET", "/v1/leads", made.secret)
    problem(response, 401, "revoked")
    assert limits(response)[0] == 60


def test_who_is_not_known_learns_of_no_limit(db: None) -> None:
    for response in (call("GET", "/v1/leads"), call("GET", "/v1/leads", "sk_live_x")):
        assert "RateLimit" not in response and "RateLimit-Policy" not in response
