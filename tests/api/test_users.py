"""Access tokens under /v1: which are believed, and what the people who hold them may do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

from apps.accounts.models import User
from apps.api import users
from apps.audit.models import Event
from apps.core.actor import OPERATOR
from apps.projects import service as projects
from apps.projects.models import MemberGrant, Project
from tests import make
from tests.api.call import call, data, problem
from tests.api.direct import ask
from tests.api.people import access_of, tokens_of

pytestmark = pytest.mark.django_db
INVALID = 'Bearer realm="boltkeys", error="invalid_token"'


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def signed(claims: dict[str, Any], headers: dict[str, Any] | None = None, key: str = "") -> str:
    return jwt.encode(claims, key or settings.JWT_SIGNING_KEY, algorithm="HS256", headers=headers)


def by_hand(header: object, claims: object, key: bytes | None = None) -> str:
    """A token with any header, signed by HMAC-SHA256: libraries refuse to make some of these."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    body = b".".join(parts)
    signature = hmac.digest(settings.JWT_SIGNING_KEY.encode() if key is None else key, body, hashlib.sha256)
    return (body + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def test_token_made_anew_with_the_same_claims_is_believed(project: Project, alice: User) -> None:
    """The control for all that follows: these tokens are refused for what is changed in them, and for nothing else."""
    claims = claims_of(access_of(alice))
    for token in (signed(claims), by_hand({"alg": "HS256", "typ": "JWT"}, claims)):
        assert call("GET", "/v1/me", token).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "https://elsewhere.example.com/v1"}, {"aud": None}, {"aud": [f"{settings.BASE_URL}/v1", "other"]},
        {"iss": "https://elsewhere.example.com"}, {"iss": None}, {"type": "refresh"}, {"type": None}, {"jti": None},
        {"exp": None}, {"exp": "soon"}, {"exp": str(2**40)}, {"exp": 10**20}, {"exp": 4_000_000_000}, {"exp": []},
        {"iat": None},
        {"iat": time.time() + 3600}, {"nbf": time.time() + 3600}, {"sub": None}, {"sub": 7}, {"sub": "nobody"},
        {"sub": "' OR 1=1 --"}, {"sub": "\x00" * 36}, {"fam": None}, {"fam": "fam_x"}, {"fam": {"pk": 1}},
    ],
    ids=str,
)  # fmt: skip
def test_token_with_a_claim_that_is_not_ours_is_refused(project: Project, alice: User, change: dict[str, Any]) -> None:
    claims = {name: value for name, value in (claims_of(access_of(alice)) | change).items() if value is not None}
    response = call("GET", "/v1/me", by_hand({"alg": "HS256", "typ": "JWT"}, claims))
    problem(response, 401, "malformed")
    assert response["WWW-Authenticate"] == INVALID


def test_token_of_one_user_with_the_name_of_another_is_refused(project: Project, alice: User, bob: User) -> None:
    claims = claims_of(access_of(bob)) | {"sub": str(alice.pk)}
    problem(call("GET", "/v1/me", signed(claims)), 401, "revoked")
    problem(call("GET", "/v1/me", signed(claims | {"fam": "fam_" + "0" * 22})), 401, "revoked")


def test_token_that_has_expired_says_so(project: Project, alice: User) -> None:
    claims = claims_of(access_of(alice)) | {"exp": int(time.time())}
    problem(call("GET", "/v1/me", signed(claims)), 401, "expired")


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"}, {"alg": "None"}, {"alg": "nOnE", "typ": "JWT"}, {"alg": "HS512", "typ": "JWT"},
        {"alg": "RS256", "typ": "JWT"}, {"typ": "JWT"}, {},
        {"alg": "HS256", "typ": "JWT", "crit": ["x"], "x": 1}, {"alg": "HS256", "crit": []},
        {"alg": "HS256", "typ": "JWT", "crit": ["b64"], "b64": False},
        {"alg": "HS256", "typ": "JWT", "kid": "../../dev/null"}, {"alg": "HS256", "kid": "' UNION SELECT 'x"},
        {"alg": "HS256", "jku": "https://evil.example.com/k"}, {"alg": "HS256", "jwk": {"kty": "oct", "k": "eA"}},
        {"alg": "HS256", "x5u": "https://evil.example.com/c"}, {"alg": "HS256", "typ": "at+jwt"}, {"alg": ["HS256"]},
        [], "HS256", None, 7,
    ],
    ids=str,
)  # fmt: skip
def test_header_that_is_not_ours_is_refused_even_if_the_signature_is_right(
    project: Project, alice: User, header: object
) -> None:
    response = call("GET", "/v1/me", by_hand(header, claims_of(access_of(alice))))
    problem(response, 401, "malformed")
    assert response["WWW-Authenticate"] == INVALID


def _without_signature(claims: dict[str, Any]) -> str:
    return by_hand({"alg": "none", "typ": "JWT"}, claims).rpartition(".")[0] + "."


def _with_another_key(claims: dict[str, Any]) -> str:
    return signed(claims, key="another key of 32 bytes, at least")


def _with_the_key_of_pages(claims: dict[str, Any]) -> str:
    return signed(claims, key=settings.SECRET_KEY)


def _with_an_empty_key(claims: dict[str, Any]) -> str:
    return by_hand({"alg": "HS256", "typ": "JWT"}, claims, b"")


def _by_rsa(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, rsa.generate_private_key(65537, 2048), algorithm="RS256")


def _by_a_public_key(claims: dict[str, Any]) -> str:
    """The confusion of algorithms: HMAC with the public key that a verifier of RS256 would hold."""
    public = rsa.generate_private_key(65537, 2048).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return by_hand({"alg": "HS256", "typ": "JWT"}, claims, pem)


def _cut(claims: dict[str, Any]) -> str:
    return signed(claims).rpartition(".")[0] + "."


def _changed(claims: dict[str, Any]) -> str:
    head, _, signature = signed(claims).split(".")
    payload = base64.urlsafe_b64encode(json.dumps(claims | {"exp": int(time.time()) + 10**6}).encode()).decode()
    return f"{head}.{payload.rstrip('=')}.{signature}"


@pytest.mark.parametrize(
    "forge",
    [
        _without_signature, _with_another_key, _with_the_key_of_pages, _with_an_empty_key, _by_rsa, _by_a_public_key,
        _cut, _changed,
    ],
    ids=lambda forge: forge.__name__.strip("_"),
)  # fmt: skip
def test_forged_token_is_refused(project: Project, alice: User, forge: Callable[[dict[str, Any]], str]) -> None:
    response = call("GET", "/v1/me", forge(claims_of(access_of(alice))))
    problem(response, 401, "malformed")
    assert response["WWW-Authenticate"] == INVALID


@pytest.mark.parametrize(
    "token",
    [
        "..", "a.b.c", "...", "a.b.c.d", "e30.e30.e30", "é.é.é", "a.b.\x00", "=.=.=", "e30.e30.", ".e30.e30",
        base64.urlsafe_b64encode(b"[" * 1400).decode().rstrip("=") + ".e30.AA",
        base64.urlsafe_b64encode(b'{"alg":' + b"9" * 1300 + b"}").decode().rstrip("=") + ".e30.AA",
        "e30." + "A" * 100_000 + ".AA",
    ],
    ids=lambda token: ascii(token)[:30],
)  # fmt: skip
def test_what_merely_looks_like_a_token_is_401(project: Project, token: str) -> None:
    problem(call("GET", "/v1/me", token), 401, "malformed")


def test_access_token_is_no_api_key(project: Project, alice: User) -> None:
    token = access_of(alice)
    response = call("GET", "/v1/me", X_API_Key=token)
    assert "X-API-Key" in problem(response, 401, "malformed")["detail"]
    problem(call("GET", "/v1/me", token, X_API_Key=make.new_key(project).secret), 400, "two_keys")
    assert call("GET", f"/v1/me?access_token={token}").status_code == 401


# --- What people may do ----------------------------------------------------------------------------------------------


def test_administrator_may_do_all_that_the_catalogue_has(project: Project, alice: User) -> None:
    token = access_of(alice)
    made = call("POST", "/v1/leads", token, body={"name": "Ann"})
    assert made.status_code == 201
    assert call("PATCH", made["Location"], token, body={"name": "Bea"}).status_code == 200
    assert call("GET", "/v1/leads/schema", token).status_code == 200
    assert call("DELETE", made["Location"], token).status_code == 204
    problem(call("POST", "/v1/analytics", token, body={}), 405, "method_not_allowed")
    problem(call("GET", "/v1/opportunities", token), 404, "unknown_resource")
    event = Event.objects.filter(type="record.created").get()
    assert (event.actor_kind, event.actor_id, event.actor_label) == ("user", str(alice.pk), alice.email)


@pytest.mark.parametrize("role", ["member", "partner"])
def test_member_and_partner_may_do_what_they_were_granted(project: Project, bob: User, role: str) -> None:
    membership = bob.memberships.get()
    membership.role = role
    membership.save()
    MemberGrant.objects.create(membership=membership, resource="leads", action="read")
    token = access_of(bob)
    assert call("GET", "/v1/leads", token).status_code == 200
    response = call("POST", "/v1/leads", token, body={"name": "Ann"})
    body = problem(response, 403, "missing_scope")
    assert (body["required_scope"], body["granted_scopes"]) == ("leads:write", ["leads:read"])
    assert 'scope="leads:write"' in response["WWW-Authenticate"]
    assert data(call("GET", "/v1/me", token))["scopes"] == ["leads:read"]


def test_very_next_request_sees_that_rights_have_changed(project: Project, bob: User) -> None:
    token = access_of(bob)
    membership = projects.add_member(actor=OPERATOR, project=project, user=bob, role="member", grants=["leads:read"])
    assert call("GET", "/v1/leads", token).status_code == 200
    projects.set_grants(actor=OPERATOR, membership=membership, grants=["calls:read"])
    problem(call("GET", "/v1/leads", token), 403, "missing_scope")
    projects.change_role(actor=OPERATOR, membership=membership, role="administrator")
    assert call("GET", "/v1/leads", token).status_code == 200
    projects.remove_member(actor=OPERATOR, membership=membership)
    problem(call("GET", "/v1/leads", token), 404, "unknown_project")


def test_user_names_the_project_where_there_is_more_than_one(project: Project, alice: User) -> None:
    token = access_of(alice)
    assert data(call("GET", "/v1/me", token))["project"]["id"] == project.id
    other = make.project("Other", administrator=alice)
    stranger = make.project("Strange")
    body = problem(call("GET", "/v1/me", token), 400, "ambiguous_project")
    assert body["choices"] == ["acme-calls", "other"]
    for name in (other.id, other.slug):
        assert data(call("GET", "/v1/me", token, X_Project=name))["project"]["id"] == other.id
    for name in (stranger.id, stranger.slug, "nope", "x" * 3000, "%00"):
        problem(call("GET", "/v1/me", token, X_Project=name), 404, "unknown_project")


def test_user_of_no_project_reaches_none(db: None) -> None:
    problem(call("GET", "/v1/me", access_of(make.user("dora@example.com"))), 404, "unknown_project")


def test_suspended_project_is_closed_to_people_as_to_keys(project: Project, alice: User) -> None:
    token = access_of(alice)
    projects.suspend_project(actor=make.TESTER, project=project)
    problem(call("GET", "/v1/leads", token), 403, "suspended")


def test_requests_of_a_user_are_limited_over_all_their_tokens(
    project: Project, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "RATE_LIMIT", 5)
    pairs = [tokens_of(alice)["access_token"] for _ in range(2)]
    for n in range(5):
        response = call("GET", "/v1/me", pairs[n % 2])
        assert response.status_code == 200
        assert response["RateLimit-Policy"] == '"minute";q=5;w=60' and f"r={4 - n};" in response["RateLimit"]
    response = call("GET", "/v1/me", pairs[0])
    problem(response, 429, "rate_limited")
    assert 1 <= int(response["Retry-After"]) <= 60
    assert call("GET", "/v1/me", access_of(bob)).status_code == 200


def test_idempotency_keys_of_two_people_are_two(project: Project, alice: User) -> None:
    make.member(project, make.user("dora@example.com"), "administrator")
    sent = {"name": "Ann"}
    first = call("POST", "/v1/leads", access_of(alice), body=sent, Idempotency_Key="k")
    second = call("POST", "/v1/leads", access_of(User.objects.get(email="dora@example.com")), body=sent,
                  Idempotency_Key="k")  # fmt: skip
    assert data(first)["id"] != data(second)["id"]
    again = call("POST", "/v1/leads", access_of(alice), body=sent, Idempotency_Key="k")
    assert data(again) == data(first) and again["Idempotency-Replayed"] == "true"


def test_access_token_is_no_key_to_gate_and_verify(project: Project, alice: User) -> None:
    token = access_of(alice)
    problem(ask("POST", "/v1/verify", token), 401, "malformed")
    assert ask("GET", "/gate", token, X_Original_URI="/v1/leads", X_Original_Method="GET").status_code == 401
