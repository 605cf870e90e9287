"""The operators' site: who gets in, what it shows, and that it changes things by the services only."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actor import OPERATOR
from apps.core.verify import Ask
from apps.dashboard.admin import site
from apps.gate import gate
from apps.keys import service as keys
from apps.projects.models import Project
from tests import make
from tests.pages import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> User:
    return make.user("operator@example.com", is_staff=True, is_superuser=True)


def act(user: User, model: str, action: str, *rows: object) -> None:
    answer = signed_in(user).post(
        reverse(f"admin:{model}_changelist"), {"action": action, "_selected_action": list(rows)}
    )
    assert answer.status_code == 302


def test_sign_in_is_that_of_everybody_with_its_limits() -> None:
    client = Client()
    for path in ("/operator/", "/operator/login/", "/operator/keys/key/"):
        answer = client.get(path, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/accounts/login/")
    data = {"username": "operator@example.com", "password": make.PASSWORD}
    assert client.post("/operator/login/", data)["Location"].startswith("/accounts/login/")


def test_an_administrator_of_a_project_is_no_operator(project: Project, alice: User) -> None:
    for path in ("/operator/", "/operator/keys/key/", "/operator/login/"):
        assert signed_in(alice).get(path, follow=True).status_code == 403


def test_there_is_only_what_the_product_puts_there() -> None:
    assert {model.__name__ for model in site._registry} == {"User", "Project", "Key", "Event"}


def test_every_page_can_be_looked_at(operator: User, project: Project, alice: User) -> None:
    client, key = signed_in(operator), make.key(project)
    event = Event.objects.first()
    assert event is not None
    rows: dict[str, Any] = {
        "accounts_user": alice.pk,
        "projects_project": project.pk,
        "keys_key": key.pk,
        "audit_event": event.pk,
    }
    for model, pk in rows.items():
        assert client.get(reverse(f"admin:{model}_changelist"), {"q": "a"}).status_code == 200
        page = client.get(reverse(f"admin:{model}_change", args=[quote(pk)]))
        assert page.status_code == 200
        assert key.digest.hex() not in page.content.decode()


def test_nothing_can_be_added_deleted_or_written_past_the_services(
    operator: User, project: Project, alice: User
) -> None:
    client = signed_in(operator)
    for model, pk in (
        ("accounts_user", alice.pk),
        ("projects_project", project.pk),
        ("keys_key", make.key(project).pk),
    ):
        assert client.post(reverse(f"admin:{model}_add"), {"name": "x"}).status_code == 403
        assert client.post(reverse(f"admin:{model}_delete", args=[quote(pk)]), {"post": "yes"}).status_code == 403
    for model, pk in (("accounts_user", alice.pk), ("projects_project", project.pk)):
        path = reverse(f"admin:{model}_change", args=[quote(pk)])
        assert client.post(path, {"name": "x", "email": "x@example.com", "is_staff": "on"}).status_code == 403
    alice.refresh_from_db()
    assert (alice.email, alice.is_staff) == ("alice@example.com", False)


def test_a_password_is_changed_on_the_page_for_everybody(operator: User) -> None:
    assert signed_in(operator).get("/operator/password_change/")["Location"] == "/accounts/password/change/"


def change_limit(operator: User, key_id: str, limit: str) -> str:
    path = reverse("admin:keys_key_change", args=[quote(key_id)])
    answer = signed_in(operator).post(path, {"rate_limit": limit, "name": "Renamed", "unrestricted": "on"}, follow=True)
    return answer.content.decode()


def test_the_rate_limit_of_a_key_is_changed_and_holds_at_once(operator: User, project: Project) -> None:
    made = make.new_key(project, "Website")
    change_limit(operator, made.key.id, "600")
    verdict = gate.verify(made.secret, Ask())
    assert verdict.rate is not None
    assert verdict.rate.limit == 600
    [event] = Event.objects.filter(type="key.limit_changed")
    assert (event.actor_label, event.data) == (operator.email, {"from": 60, "to": 600})
    made.key.refresh_from_db()
    assert (made.key.name, made.key.unrestricted) == ("Website", False)


@pytest.mark.parametrize("limit", ["0", "-1", "1000001", "", "x", "1.5", "99999999999999999999"])
def test_a_limit_out_of_range_is_refused_beside_the_field(operator: User, project: Project, limit: str) -> None:
    made = make.key(project)
    assert "errorlist" in change_limit(operator, made.id, limit)
    made.refresh_from_db()
    assert made.rate_limit == 60


def test_the_limit_of_an_ended_key_stays(operator: User, project: Project) -> None:
    made = make.key(project)
    keys.revoke_key(actor=OPERATOR, key=made, reason="leaked")
    change_limit(operator, made.id, "600")
    made.refresh_from_db()
    assert made.rate_limit == 60


def test_projects_are_suspended_and_resumed_by_the_service(operator: User, project: Project) -> None:
    secret = make.new_key(project).secret
    act(operator, "projects_project", "suspend", project.pk)
    assert gate.verify(secret, Ask()).code == "suspended"
    act(operator, "projects_project", "resume", project.pk)
    assert gate.verify(secret, Ask()).code == "ok"
    assert Event.objects.filter(type__startswith="project.", actor_label=operator.email).count() == 2


def test_users_are_disabled_and_enabled_by_the_service_but_not_oneself(operator: User, alice: User) -> None:
    act(operator, "accounts_user", "disable", alice.pk, operator.pk)
    assert set(User.objects.filter(is_active=False)) == {alice}
    act(operator, "accounts_user", "enable", alice.pk)
    assert not User.objects.filter(is_active=False).exists()
    assert Event.objects.filter(type__in=("user.disabled", "user.enabled")).count() == 2


def test_users_are_deleted_by_the_service_once_somebody_is_sure_but_not_oneself(
    operator: User, project: Project, alice: User, bob: User
) -> None:
    secret = make.new_key(None, "Bob's", owner=bob).secret
    client, path = signed_in(operator), reverse("admin:accounts_user_changelist")
    data = {"action": "delete", "_selected_action": [alice.pk, bob.pk, operator.pk]}
    asked = client.post(path, data).content.decode()
    assert (
        "bob@example.com</strong>: 1 active key of their own" in asked and "operator@example.com</strong>:" not in asked
    )
    assert "Delete 2 users" in asked and gate.verify(secret, Ask()).code == "ok"
    answer = client.post(path, {**data, "sure": "yes"}, follow=True).content.decode()
    assert "alice@example.com is the last administrator of Acme Calls." in answer and "Deleted: 1" in answer
    assert gate.verify(secret, Ask()).code == "deleted"
    assert not User.objects.filter(deleted_at=None, pk=bob.pk) and User.objects.filter(deleted_at=None, pk=alice.pk)
    assert "deleted.invalid" not in client.get(path).content.decode()
    assert "Nobody is selected" in client.post(path, {**data, "_selected_action": [operator.pk]}).content.decode()


def test_staff_without_the_permission_only_look(project: Project, alice: User) -> None:
    clerk = make.user("clerk@example.com", is_staff=True)
    client = signed_in(clerk)
    assert client.get("/operator/").status_code == 200
    assert client.get(reverse("admin:keys_key_changelist")).status_code == 403
    for action in ("disable", "delete"):
        data = {"action": action, "sure": "yes", "_selected_action": [alice.pk]}
        assert client.post(reverse("admin:accounts_user_changelist"), data).status_code == 403
    alice.refresh_from_db()
    assert alice.is_active
