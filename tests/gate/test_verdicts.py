"""What the gate says of a key, in whichever profile the suite runs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.core import secret
from apps.core.verify import Ask, Verdict
from apps.gate import gate
from apps.keys import service
from apps.projects.models import Membership, Project
from apps.usage.models import KeySeen, KeyUsage
from apps.usage.service import settle
from tests import make

pytestmark = pytest.mark.django_db

LEADS = Ask(resource="leads", method="GET", ip="192.0.2.7", user_agent="tests/1")


def _ask(presented: str, **over: object) -> Verdict:
    fields = {"resource": "leads", "method": "GET", "ip": "192.0.2.7", "user_agent": "tests/1", **over}
    return gate.verify(presented, Ask(**fields))  # type: ignore[arg-type]


def test_good_key_is_accepted_again_and_again(project: Project) -> None:
    made = make.new_key(project)
    for _ in range(3):
        verdict = _ask(made.secret)
        assert verdict
        assert verdict.record is not None
        assert verdict.record.key_id == made.key.id


def test_malformed_key_is_refused_without_asking_any_store(project: Project, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert _ask("sk_live_nonsense").code == "malformed"


def test_well_formed_key_that_was_never_issued_is_unknown(project: Project) -> None:
    presented = secret.mint("sk_live_")
    assert [_ask(presented).code for _ in range(3)] == ["unknown"] * 3


def test_revoked_key_is_refused_by_the_next_request(project: Project) -> None:
    made = make.new_key(project)
    assert _ask(made.secret)
    service.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
    assert _ask(made.secret).code == "revoked"


def test_deleted_key_is_refused_by_the_next_request(project: Project) -> None:
    made = make.new_key(project)
    assert _ask(made.secret)
    service.delete_key(actor=make.TESTER, key=made.key)
    assert _ask(made.secret).code == "deleted"


def test_expired_key_is_refused(project: Project) -> None:
    made = make.new_key(project, expires_at=timezone.now() + timedelta(days=1))
    assert _ask(made.secret)
    make.expire(made.key)
    assert _ask(made.secret).code == "expired"
    assert _ask(made.secret, method="POST").code == "expired"


def test_revoked_says_more_than_expired(project: Project) -> None:
    made = make.new_key(project, expires_at=timezone.now() + timedelta(days=1))
    service.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
    make.expire(made.key)
    assert _ask(made.secret).code == "revoked"


def test_missing_scope_is_named(project: Project) -> None:
    verdict = _ask(make.new_key(project).secret, method="DELETE")
    assert verdict.code == "missing_scope"
    assert verdict.judgement is not None
    assert verdict.judgement.required == "leads:write"


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"resource": "opportunities"}, "unknown_resource"),
        ({"method": "PUT"}, "unknown_action"),
        ({"operation": "send"}, "unknown_action"),
        ({"action": "manage"}, "unknown_action"),
        ({"project": "acme-calls"}, "ok"),
        ({"project": "prj_other"}, "unknown_project"),
        ({"resource": None}, "ok"),
    ],
)
def test_requests_that_the_catalogue_does_not_know_are_refused(
    project: Project, over: dict[str, object], code: str
) -> None:
    assert _ask(make.new_key(project).secret, **over).code == code


@pytest.mark.parametrize(
    ("ip", "code"),
    [
        ("203.0.113.9", "ok"),
        ("::ffff:203.0.113.9", "ok"),
        ("2001:db8::1", "ok"),
        ("203.0.114.1", "ip_denied"),
        ("2001:db9::1", "ip_denied"),
        (None, "ip_denied"),
        ("nonsense", "ip_denied"),
    ],
)
def test_ip_allow_list(project: Project, ip: str | None, code: str) -> None:
    made = make.new_key(project, allowed_ips=["203.0.113.0/24", "2001:db8::/32"])
    assert _ask(made.secret, ip=ip).code == code


def test_limit_is_exact_and_its_headers_count_down(project: Project) -> None:
    made = make.new_key(project, rate_limit=3)
    verdicts = [_ask(made.secret) for _ in range(5)]
    assert [v.code for v in verdicts] == ["ok", "ok", "ok", "rate_limited", "rate_limited"]
    assert [v.rate.remaining for v in verdicts if v.rate] == [2, 1, 0, 0, 0]
    assert all(v.rate and v.rate.limit == 3 and 0 < v.rate.reset_seconds <= 60 for v in verdicts)


def test_changed_limit_holds_for_the_next_request(project: Project) -> None:
    made = make.new_key(project, rate_limit=1)
    assert [_ask(made.secret).code for _ in range(2)] == ["ok", "rate_limited"]
    service.set_rate_limit(actor=make.TESTER, key=made.key, limit=2)
    assert [_ask(made.secret).code for _ in range(2)] == ["ok", "rate_limited"]


def test_every_request_is_counted_once_with_its_outcome(project: Project) -> None:
    made = make.new_key(project, rate_limit=3)
    for method in ("GET", "DELETE", "GET", "HEAD", "GET"):
        _ask(made.secret, method=method)
    service.revoke_key(actor=make.TESTER, key=made.key, reason="unused")
    _ask(made.secret)
    settle()
    settle()
    counts = dict(KeyUsage.objects.filter(key_id=made.key.id).values_list("outcome", "count"))
    assert counts == {"ok": 3, "missing_scope": 1, "rate_limited": 1, "revoked": 1}
    seen = KeySeen.objects.get(key_id=made.key.id)
    assert (seen.used_ip, seen.used_agent, seen.refused_ip) == ("192.0.2.7", "tests/1", "192.0.2.7")
    assert seen.used_at is not None
    assert seen.refused_at is not None
    assert seen.used_at <= seen.refused_at <= timezone.now()


def test_every_refusal_is_counted_for_the_resource_that_was_asked_for(project: Project) -> None:
    made = make.new_key(project, allowed_ips=["203.0.113.0/24"])
    _ask(made.secret)
    service.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
    _ask(made.secret, resource="calls")
    settle()
    counts = KeyUsage.objects.values_list("resource", "outcome", "count").order_by("resource")
    assert list(counts) == [("calls", "revoked", 1), ("leads", "ip_denied", 1)]


def test_resources_made_up_by_the_caller_open_no_new_rows(project: Project) -> None:
    made = make.new_key(project)
    for i in range(5):
        _ask(made.secret, resource=f"made-up-{i}")
    settle()
    assert list(KeyUsage.objects.values_list("resource", "outcome", "count")) == [("", "unknown_resource", 5)]


def test_user_key_follows_its_owner_at_the_next_request(bob: User, project: Project) -> None:
    made = make.new_key(None, owner=bob)
    membership = Membership.objects.get(user=bob)
    assert _ask(made.secret).code == "missing_scope"
    membership.grants.create(resource="leads", action="read")
    _forget(made.secret)
    assert _ask(made.secret)
    with gate.changing(owner=str(bob.pk)):
        membership.grants.all().delete()
    assert _ask(made.secret).code == "missing_scope"
    with gate.changing(owner=str(bob.pk)):
        membership.delete()
    assert _ask(made.secret).code == "unknown_project"
    with gate.changing(owner=str(bob.pk)):
        User.objects.filter(pk=bob.pk).update(is_active=False)
    assert _ask(made.secret).code == "suspended"


def test_user_key_of_two_projects_needs_to_name_one(bob: User, project: Project) -> None:
    other = make.project("Other", administrator=bob)
    made = make.new_key(None, owner=bob)
    verdict = _ask(made.secret)
    assert verdict.code == "ambiguous_project"
    assert verdict.judgement is not None
    assert set(verdict.judgement.choices) == {project.slug, other.slug}
    assert _ask(made.secret, project=other.id).code == "ok"
    assert _ask(made.secret, project=project.slug).code == "missing_scope"


def test_suspended_project_refuses_its_keys_at_once(project: Project, bob: User) -> None:
    of_project, of_user = make.new_key(project), make.new_key(None, owner=bob)
    assert _ask(of_project.secret)
    assert _ask(of_user.secret).code == "missing_scope"
    with gate.changing(project=project.id):
        Project.objects.filter(pk=project.pk).update(suspended_at=timezone.now())
    assert _ask(of_project.secret).code == "suspended"
    assert _ask(of_user.secret).code == "suspended"


def _forget(presented: str) -> None:
    with gate.changing(digests=[secret.digest(presented)]):
        pass
