"""Who reaches which page: every URL of the dashboard × everybody. A route that is missing here fails."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.keys.models import Key
from apps.projects.models import Invitation, MemberGrant, Membership, Project
from apps.records.models import Field, Record
from apps.webhooks.models import Delivery, Endpoint
from tests import make
from tests.access import routes
from tests.webhooks import make as hooks

pytestmark = pytest.mark.django_db

CARD = f"rec_{'c' * 22}"
PEOPLE = ("anonymous", "mallory", "carol", "bob", "alice")  # nobody, outsider, partner, member, administrator

# What a GET answers to each of PEOPLE. 302 of the first column leads to the sign-in page.
ADMINISTRATORS_ONLY = (302, 404, 403, 403, 200)
BY_POST = (302, 404, 403, 403, 302)  # a GET, as after signing in again, leads to the page with the form
MEMBERS = (302, 404, 403, 200, 200)
PARTNERS_TOO = (302, 404, 200, 200, 200)
SIGNED_IN = (302, 200, 200, 200, 200)
NOBODY = (404, 404, 404, 404, 404)
EVERYBODY = (200, 200, 200, 200, 200)

TABLE: Mapping[str, tuple[int, ...]] = {
    "home": (302, 302, 302, 302, 302),
    "project": PARTNERS_TOO,
    "keys": ADMINISTRATORS_ONLY,
    "keys_ended": ADMINISTRATORS_ONLY,
    "key": ADMINISTRATORS_ONLY,
    "key_new": ADMINISTRATORS_ONLY,
    "key_create": BY_POST,
    "key_revoke": ADMINISTRATORS_ONLY,
    "key_revoke_now": BY_POST,
    "key_rotate": ADMINISTRATORS_ONLY,
    "key_rotate_now": BY_POST,
    "key_delete": ADMINISTRATORS_ONLY,
    "key_delete_now": BY_POST,
    "team": MEMBERS,
    "team_invite": BY_POST,
    "member_role": ADMINISTRATORS_ONLY,
    "member_grants": ADMINISTRATORS_ONLY,
    "member_remove": ADMINISTRATORS_ONLY,
    "invitation_grants": ADMINISTRATORS_ONLY,
    "invitation_withdraw": BY_POST,
    "audit": ADMINISTRATORS_ONLY,
    "fields": ADMINISTRATORS_ONLY,
    "field_add": BY_POST,
    "field_edit": ADMINISTRATORS_ONLY,
    "field_move": BY_POST,
    "field_archive": ADMINISTRATORS_ONLY,
    "field_restore": BY_POST,
    "webhooks": ADMINISTRATORS_ONLY,
    "webhook_new": ADMINISTRATORS_ONLY,
    "webhook": ADMINISTRATORS_ONLY,
    "webhook_edit": ADMINISTRATORS_ONLY,
    "webhook_enable": BY_POST,
    "webhook_disable": ADMINISTRATORS_ONLY,
    "webhook_delete": ADMINISTRATORS_ONLY,
    "webhook_rotate": ADMINISTRATORS_ONLY,
    "webhook_test": BY_POST,
    "delivery": ADMINISTRATORS_ONLY,
    "delivery_again": BY_POST,
    "board": ADMINISTRATORS_ONLY,  # and those with the grants: tests/dashboard/board
    "board_record": ADMINISTRATORS_ONLY,
    "board_move": BY_POST,
    "invitation": NOBODY,
    "account_login": (200, 302, 302, 302, 302),
    "account_logout": (302, 200, 200, 200, 200),
    "account_logout_everywhere": (302, 302, 302, 302, 302),
    "my_keys": SIGNED_IN,
    "my_key_generate": (302, 302, 302, 302, 302),  # a GET leads to the page with the form
    "my_key_rotate": (302, 404, 404, 200, 404),  # bob's own
    "my_key_delete": (302, 404, 404, 200, 404),  # bob's own
    "partner": SIGNED_IN,
    "account_change_password": SIGNED_IN,
    "account_reset_password": EVERYBODY,
    "account_reset_password_done": EVERYBODY,
    "docs": EVERYBODY,
    "docs_with_slash": (301, 301, 301, 301, 301),
    "healthz": EVERYBODY,
    "readyz": EVERYBODY,
    "metrics": EVERYBODY,  # from this machine, as here
}


@pytest.fixture
def sales(request: pytest.FixtureRequest, project: Project) -> str:
    """A project of the same people whose fields are dynamic, with a board: for the pages that need one, as with two
    projects home leads to neither."""
    if request.node.callspec.params["name"].startswith(("field", "board")):
        made = make.project("Sales", catalogue="bolten")
        for membership in Membership.objects.filter(project=project):
            make.member(made, membership.user, membership.role)
        Record.objects.create(id=CARD, project=made, resource="opportunities", data={"title": "Roof", "stage": "new"})
    return "sales"


@pytest.fixture
def arguments(project: Project, sales: str, bob: User) -> dict[str, dict[str, str]]:
    key = make.key(project)
    of_bob = {"key_id": make.key(None, owner=bob).id}
    invitation = Invitation.objects.create(
        project=project, email="dave@example.com", role="member", digest=b"d" * 32, invited_by="alice",
        expires_at=timezone.now(),
    )  # fmt: skip
    of_invitation = {"slug": project.slug, "invitation_id": invitation.id}
    member = Membership.objects.get(project=project, user=bob)
    of_project = {"slug": project.slug}
    of_key = {**of_project, "key_id": key.id}
    of_member = {**of_project, "member_id": member.id}
    endpoint = hooks.endpoint(project, "https://8.8.8.8/").endpoint
    hooks.lead(project)
    of_webhook = {**of_project, "webhook_id": endpoint.id}
    of_delivery = {**of_webhook, "delivery_id": Delivery.objects.get().id}
    about_webhook = [name for name in TABLE if name.startswith("webhook") and name not in ("webhooks", "webhook_new")]
    of_field = {"slug": sales, "resource": "contacts", "key": "phone"}
    of_board = {"slug": sales, "resource": "opportunities"}
    about_key = ("key", *(f"key_{act}{now}" for act in ("revoke", "rotate", "delete") for now in ("", "_now")))
    about_field = ("field_edit", "field_move", "field_archive", "field_restore")
    pages: tuple[str, ...] = ("project", "keys", "keys_ended", "key_new", "key_create", "team", "team_invite", "audit")
    pages = (*pages, "webhooks", "webhook_new")
    return {
        **dict.fromkeys(pages, of_project),
        **dict.fromkeys(about_key, of_key),
        **dict.fromkeys(("member_role", "member_grants", "member_remove"), of_member),
        **dict.fromkeys(about_webhook, of_webhook),
        **dict.fromkeys(("delivery", "delivery_again"), of_delivery),
        "fields": {"slug": sales},
        "field_add": {"slug": sales, "resource": "contacts"},
        **dict.fromkeys(about_field, of_field),
        "board": of_board,
        "board_record": {**of_board, "record_id": CARD},
        "board_move": {**of_board, "record_id": CARD},
        **dict.fromkeys(("invitation_grants", "invitation_withdraw"), of_invitation),
        "invitation": {"token": "no-such-token"},
        **dict.fromkeys(("my_key_rotate", "my_key_delete"), of_bob),
    }  # fmt: skip


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("name", TABLE)
def test_page_is_reached_by_those_it_is_for(
    name: str, who: str, arguments: dict[str, dict[str, str]], mallory: User
) -> None:
    response = _client(who).get(reverse(name, kwargs=arguments.get(name, {})))
    assert response.status_code == TABLE[name][PEOPLE.index(who)]
    if who == "anonymous" and response.status_code == 302:
        assert "/accounts/login/" in response["Location"]


@pytest.mark.parametrize("who", ["mallory", "carol", "bob", "anonymous"])
@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row in (BY_POST, ADMINISTRATORS_ONLY)])
def test_nobody_but_an_administrator_changes_anything(
    name: str, who: str, arguments: dict[str, dict[str, str]], mallory: User
) -> None:
    before = _state()
    response = _client(who).post(
        reverse(name, kwargs=arguments.get(name, {})),
        {"reason": "leaked", "name": "x", "scope": "leads:read", "to": "up", "grace": "0"},
    )
    assert response.status_code in (302, 403, 404, 405)
    assert response.status_code != 302 or "/accounts/login/" in response["Location"]
    assert _state() == before


def test_every_page_is_in_the_table() -> None:
    elsewhere = {name for name in routes.names() if name.startswith(("api_", "("))}
    by_other_tests = {
        "invitation_accept",
        "invitation_join",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
    }
    assert set(routes.names()) - elsewhere == set(TABLE) | by_other_tests


def _client(who: str) -> Client:
    client = Client()
    if who != "anonymous":
        client.force_login(User.objects.get(email=f"{who}@example.com"))
    return client


def _state() -> list[object]:
    return [
        list(Key.objects.order_by("pk").values()),
        list(Membership.objects.order_by("pk").values()),
        list(MemberGrant.objects.order_by("pk").values()),
        list(Invitation.objects.order_by("pk").values()),
        list(Endpoint.objects.order_by("pk").values()),
        list(Delivery.objects.order_by("pk").values()),
        list(Record.objects.order_by("pk").values()),
        list(Field.objects.order_by("pk").values()),
    ]
