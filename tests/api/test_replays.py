"""Twenty requests at once with one `Idempotency-Key`, for every POST there is; and who is given an answer again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connections
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from apps.accounts.models import User
from apps.api.idempotency import STALE, idempotent
from apps.api.models import KeptAnswer
from apps.audit.models import Event
from apps.core.actor import OPERATOR
from apps.projects import service as projects
from apps.projects.models import Membership, Project
from apps.records.models import Field, Record
from tests import make
from tests.api import boltly
from tests.api.call import call, data, problem, secret_for
from tests.api.people import access_of

TOGETHER = 20
ID = "one-and-the-same"
HOOKS = "/v1/developer-access/webhooks"
KEYS = "/v1/developer-access/api-keys"
MEMBERS = "/v1/developer-access/members"


@dataclass(frozen=True)
class Site:
    """A project of boltly, and an administrator's access token."""

    project: Project
    token: str

    def made(self, path: str, **body: Any) -> str:
        """The path of what this request makes."""
        return str(call("POST", path, self.token, body=body)["Location"])

    def record(self, slug: str, status: str = "") -> str:
        return boltly.in_state(self.project, slug, status) if status else boltly.new(self.project, slug)

    def hook(self) -> str:
        return self.made(HOOKS, url="http://127.0.0.1:9/hook", events=["key.revoked"])

    def key(self) -> str:
        return self.made(KEYS, name=f"Key {Event.objects.count()}", scopes=["contacts:read"])


Prepared = tuple[str, dict[str, Any], int]
"""Where to, what, and how many audit events it makes when it is done once."""

POSTS: dict[str, Callable[[Site], Prepared]] = {
    "api_records": lambda site: ("/v1/contacts", {"name": "Ann"}, 1),
    "api_inbox_messages": lambda site: (f"{site.record('inbox')}/messages", {"text": "Hello"}, 1),
    "api_broadcasts_schedule": lambda site: (f"{site.record('broadcasts')}/schedule", {}, 1),
    "api_broadcasts_unschedule": lambda site: (f"{site.record('broadcasts', 'scheduled')}/unschedule", {}, 1),
    "api_broadcasts_send": lambda site: (f"{site.record('broadcasts')}/send", {}, 1),
    "api_broadcasts_retry": lambda site: (f"{site.record('broadcasts', 'failed')}/retry", {}, 1),
    "api_broadcasts_report": lambda site: (f"{site.record('broadcasts', 'sending')}/report", {"status": "sent"}, 1),
    "api_templates_submit": lambda site: (f"{site.record('templates')}/submit", {}, 1),
    "api_templates_report": lambda site: (
        f"{site.record('templates', 'submitted')}/report", {"status": "approved"}, 1
    ),
    "api_templates_sync": lambda site: ("/v1/templates/sync", {}, 1),
    "api_webhooks": lambda site: (HOOKS, {"url": "http://127.0.0.1:9/hook", "events": ["key.revoked"]}, 1),
    "api_webhook_test": lambda site: (f"{site.hook()}/test", {}, 1),
    "api_webhook_rotate": lambda site: (f"{site.hook()}/rotate", {}, 1),
    "api_members": lambda site: (MEMBERS, {"email": "bob@example.com", "role": "member"}, 1),
    "api_keys": lambda site: (KEYS, {"name": "Website", "scopes": ["contacts:read"]}, 1),
    "api_key_revoke": lambda site: (f"{site.key()}/revoke", {"reason": "left"}, 1),
    "api_key_rotate": lambda site: (f"{site.key()}/rotate", {}, 2),
}  # fmt: skip


def post(token: str, path: str, body: object, idempotency_key: str = ID, **headers: str) -> HttpResponse:
    return call("POST", path, token, body=body, Idempotency_Key=idempotency_key, **headers)


def all_at_once(token: str, path: str, body: object) -> list[HttpResponse]:
    together = threading.Barrier(TOGETHER)

    def one(_: int) -> HttpResponse:
        together.wait()
        try:
            return post(token, path, body)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(one, range(TOGETHER)))


def told(answer: HttpResponse) -> Any:
    """The answer without what is given once."""
    body = json.loads(answer.content)
    return {name: value for name, value in body.items() if name not in ("secret", "secret_key")}


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_one_does_the_work_whatever_is_posted(settings: LazySettings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    alice = make.user("alice@example.com")
    site = Site(make.project("Boltly", catalogue="boltly", administrator=alice), access_of(alice))
    for name, prepare in POSTS.items():
        path, body, events = prepare(site)
        before = Event.objects.count()
        answers = all_at_once(site.token, path, body)
        assert Event.objects.count() == before + events, name
        done = [answer for answer in answers if answer.status_code < 300]
        for answer in answers:
            if answer not in done:
                problem(answer, 409, "idempotency_running")
        done.append(post(site.token, path, body))  # who was told to wait is answered now
        assert done[-1]["Idempotency-Replayed"] == "true", name
        assert len([answer for answer in done if "Idempotency-Replayed" not in answer]) == 1, name
        assert all((told(each), each.status_code) == (told(done[0]), done[0].status_code) for each in done), name
        secrets = [secret for each in done for secret in secrets_in(each) if secret]
        assert len(secrets) == (name in ("api_keys", "api_key_rotate", "api_webhooks", "api_webhook_rotate")), name


@pytest.mark.parametrize("name", POSTS)
def test_what_was_cut_off_before_its_answer_is_not_done_again(name: str, alice: User, settings: LazySettings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    site = Site(make.project("Boltly", catalogue="boltly", administrator=alice), access_of(alice))
    path, body, _ = POSTS[name](site)
    first = post(site.token, path, body)
    KeptAnswer.objects.update(status=None, body="", started_at=timezone.now() - 2 * STALE)
    before = Event.objects.count()
    again = post(site.token, path, body)
    if name in STEPS:
        problem(again, 409, "illegal_step")
    else:
        assert told(again) == told(first) or name in TELLING_ALONE
        assert not any(secrets_in(again))
    assert Event.objects.count() == before + (name in TELLING_ALONE)


TELLING_ALONE = {"api_templates_sync", "api_webhook_test", "api_broadcasts_report"}
"""What changes nothing the second time but is told to webhooks, which expect to be told twice."""

STEPS = {name for name in POSTS if name.startswith(("api_broadcasts", "api_templates"))} - TELLING_ALONE


def secrets_in(answer: HttpResponse) -> list[str | None]:
    body = json.loads(answer.content)
    return [body[name] for name in ("secret", "secret_key") if name in body]


def test_no_post_is_forgotten_here() -> None:
    assert {pattern.name for pattern in patterns(get_resolver().url_patterns) if is_idempotent(pattern)} == set(POSTS)


def patterns(found: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for each in found:
        if isinstance(each, URLResolver):
            yield from patterns(each.url_patterns)
        else:
            yield each


def is_idempotent(pattern: URLPattern) -> bool:
    view: Any = getattr(pattern.callback, "view_class", None)
    wrapped: Any = idempotent(HttpResponse)
    return getattr(getattr(view, "post", None), "__code__", None) is wrapped.__code__


def test_field_that_is_called_secret_comes_again_as_it_is(db: None) -> None:
    project = make.project("Bolten", catalogue="bolten")
    Field.objects.create(
        project=project, resource="opportunities", key="secret", name="secret", label="Secret", type="text", order=1
    )
    key = secret_for(project, "opportunities:write")
    first, second = (post(key, "/v1/opportunities", {"secret": "of the sauce"}) for _ in range(2))
    assert data(first)["secret"] == "of the sauce"
    assert second["Idempotency-Replayed"] and second.content == first.content


def lead(token: str, **headers: str) -> HttpResponse:
    return post(token, "/v1/leads", {"name": "Ann"}, **headers)


def test_user_who_lost_the_grant_gets_no_kept_answer(project: Project, bob: User) -> None:
    membership = Membership.objects.get(project=project, user=bob)
    projects.set_grants(actor=OPERATOR, membership=membership, grants=["leads:write"])
    tokens = [make.new_key(None, owner=bob).secret, access_of(bob)]
    for token in tokens:
        assert lead(token).status_code == lead(token).status_code == 201
    projects.set_grants(actor=OPERATOR, membership=membership, grants=["leads:read"])
    for token in tokens:
        problem(lead(token), 403, "missing_scope")
    projects.remove_member(actor=OPERATOR, membership=membership)
    for token in tokens:
        assert lead(token).status_code in (401, 403, 404)


def test_administrator_who_is_none_any_more_gets_no_kept_answer(project: Project, bob: User) -> None:
    membership = Membership.objects.get(project=project, user=bob)
    projects.change_role(actor=OPERATOR, membership=membership, role="administrator")
    token, body = access_of(bob), {"name": "Website", "scopes": ["leads:read"]}
    assert post(token, KEYS, body).status_code == 201
    projects.change_role(actor=OPERATOR, membership=membership, role="member")
    problem(post(token, KEYS, body), 403, "forbidden")


def test_suspended_project_gives_no_kept_answer(project: Project) -> None:
    key = secret_for(project, "leads:write")
    lead(key)
    projects.suspend_project(actor=OPERATOR, project=project)
    problem(lead(key), 403, "suspended")


def test_one_user_in_two_projects_has_two_answers(project: Project, alice: User) -> None:
    other = make.project("Other", administrator=alice)
    for token in (make.new_key(None, owner=alice).secret, access_of(alice)):
        here, there = (lead(token, X_Project=slug) for slug in (project.slug, other.slug))
        assert data(here)["id"] != data(there)["id"]
    assert Record.objects.count() == 4


def test_key_and_its_owner_are_two_principals(project: Project, alice: User) -> None:
    key = make.new_key(project, owner=alice, scopes=["leads:write"]).secret
    answers = [lead(token) for token in (access_of(alice), key)]
    assert len({data(answer)["id"] for answer in answers}) == 2
