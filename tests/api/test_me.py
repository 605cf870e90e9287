"""GET /v1/me: who am I?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import User
from apps.projects.models import Project
from apps.usage.models import KeyUsage
from tests import make
from tests.api.call import call, data, problem


def test_key_reads_about_itself(project: Project) -> None:
    expires_at = timezone.now() + make.timedelta(days=7)
    made = make.new_key(
        project, "Website", scopes=["leads:write", "calls:read"], expires_at=expires_at, rate_limit=90,
        allowed_ips=["127.0.0.0/8"],
    )  # fmt: skip
    me = data(call("GET", "/v1/me", made.secret, User_Agent="curl/8"))
    assert me["type"] == "key" and me["user"] is None
    assert me["project"] == {"id": project.id, "slug": project.slug, "name": project.name}
    assert me["scopes"] == ["calls:read", "leads:write"]
    key = me["key"]
    assert key["id"] == made.key.id and key["name"] == "Website" and key["status"] == "active"
    assert key["mask"] == f"sk_live_…{made.secret[-4:]}"
    assert key["scopes"] == ["calls:read", "leads:write"] and key["restricted"] is True
    assert key["rate_limit_per_minute"] == 90 and key["allowed_ips"] == ["127.0.0.0/8"]
    assert key["expires_at"] == expires_at.isoformat().replace("+00:00", "Z")
    assert key["usage"] == {"24h": 1, "7d": 1, "30d": 1}
    assert key["last_used_ip"] == "127.0.0.1"


def test_usage_counts_what_was_accepted(project: Project) -> None:
    key = make.new_key(project, scopes=["leads:read"]).secret
    for path in ("/v1/leads", "/v1/leads?limit=0", "/v1/calls", "/v1/leads/x"):
        call("GET", path, key)
    assert data(call("GET", "/v1/me", key))["key"]["usage"]["24h"] == 4  # all but the one without the scope


def test_few_queries_and_only_what_may_be_of_this_key_is_settled(
    project: Project, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    secrets = [make.new_key(project, f"Key {number}").secret for number in range(30)]
    for each in secrets:
        call("GET", "/v1/leads", each)
    with django_assert_max_num_queries(12):  # five are of the counts: their transaction, ID, sums and last uses
        assert data(call("GET", "/v1/me", secrets[0]))["key"]["usage"]["24h"] == 2
    stored = KeyUsage.objects.values("key_id").distinct().count()
    assert stored < 15 if settings.REDIS_URL else stored == 30


def test_answer_never_holds_secret_or_digest(project: Project) -> None:
    made = make.new_key(project)
    content = call("GET", "/v1/me", made.secret).content.decode()
    assert made.secret not in content and "secret" not in content and "digest" not in content
    assert bytes(made.key.digest).hex() not in content


def test_unrestricted_key_has_all_scopes(alice: User) -> None:
    voice = make.project("Voice", catalogue="voice", administrator=alice)
    me = data(call("GET", "/v1/me", make.new_key(voice, unrestricted=True).secret))
    assert me["key"]["restricted"] is False and me["key"]["scopes"] == []
    assert "api_keys:write" in me["scopes"]


def test_user_key_names_its_owner_and_can_do_what_the_owner_can(project: Project, bob: User) -> None:
    membership = bob.memberships.get()
    make.MemberGrant.objects.create(membership=membership, resource="leads", action="read")
    key = make.new_key(None, owner=bob).secret
    me = data(call("GET", "/v1/me", key))
    assert me["user"] == {"id": str(bob.pk), "email": bob.email}
    assert me["key"]["project_id"] is None and me["project"]["id"] == project.id
    assert me["scopes"] == ["leads:read"]


def test_user_key_of_two_projects_has_to_say_which(project: Project, bob: User) -> None:
    other = make.project("Other")
    make.member(other, bob, "administrator")
    key = make.new_key(None, owner=bob).secret
    assert problem(call("GET", "/v1/me", key), 400, "ambiguous_project")["choices"] == ["acme-calls", "other"]
    for name in (other.slug, other.id):
        assert data(call("GET", "/v1/me", key, X_Project=name))["project"]["id"] == other.id
    problem(call("GET", "/v1/me", key, X_Project="nope"), 404, "unknown_project")
