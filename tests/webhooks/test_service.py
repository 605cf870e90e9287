"""The life of an endpoint."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.errors import Conflict, Invalid, Missing
from apps.projects import catalogues
from apps.projects.models import Project
from apps.webhooks import queries, service, vault
from apps.webhooks.models import Delivery, Endpoint
from tests import make
from tests.webhooks import make as hooks

pytestmark = pytest.mark.django_db

URL = "https://8.8.8.8/hooks"  # nothing is sent there
NOBODY = "whk_" + "0" * 22


def types(endpoint: Endpoint) -> list[str]:
    return sorted(Event.objects.filter(target_id=endpoint.id).values_list("type", flat=True))


def change(project: Project, endpoint_id: str, **changes: object) -> Endpoint:
    return service.update_endpoint(
        actor=make.TESTER,
        project_id=project.id,
        catalogue=catalogues.get(project.catalogue),
        endpoint_id=endpoint_id,
        **changes,
    )


def test_a_new_endpoint_has_a_secret_that_is_nowhere_in_clear(project: Project) -> None:
    made = hooks.endpoint(project, URL, "key.revoked", "lead.created")
    assert made.secret
    assert made.secret.startswith("whsec_")
    assert len(base64.b64decode(made.secret.removeprefix("whsec_"), validate=True)) == 32
    row = Endpoint.objects.get()
    assert (row.url, row.events, row.status) == (URL, ["lead.created", "key.revoked"], "active")
    rows = [*Endpoint.objects.values_list(), *Event.objects.values_list()]
    assert made.secret not in str(rows)
    assert made.secret[6:] not in str(rows)
    assert made.secret not in repr(made)
    assert vault.unseal(row.secret, row.id) == made.secret


def test_each_change_is_audited_without_the_query_of_the_url(project: Project) -> None:
    made = hooks.endpoint(project, f"{URL}?token=abc").endpoint
    change(project, made.id, events=["key.expired"])
    change(project, made.id, url=URL)
    service.rotate_secret(actor=make.TESTER, project_id=project.id, endpoint_id=made.id)
    service.delete_endpoint(actor=make.TESTER, project_id=project.id, endpoint_id=made.id)
    assert types(made) == ["webhook.created", "webhook.deleted", "webhook.rotated", *["webhook.updated"] * 2]
    assert "token=abc" not in str(list(Event.objects.values()))


def test_a_change_that_changes_nothing_leaves_no_trace(project: Project) -> None:
    made = hooks.endpoint(project, URL).endpoint
    change(project, made.id, url=URL, events=["lead.created"], status="active")
    assert types(made) == ["webhook.created"]


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://169.254.169.254/"]
)
def test_a_url_that_leads_inside_is_refused_at_create_change_test_and_retry(project: Project, url: str) -> None:
    with pytest.raises(Invalid) as fault:
        hooks.endpoint(project, url)
    assert fault.value.errors[0].code == "private_address"
    made = hooks.endpoint(project, URL).endpoint
    hooks.lead(project)
    delivery = Delivery.objects.get()
    with pytest.raises(Invalid):
        change(project, made.id, url=url)
    Endpoint.objects.update(url=url)  # as when the name leads elsewhere by now
    where: Any = {"actor": make.TESTER, "project_id": project.id, "endpoint_id": made.id}
    with pytest.raises(Invalid):
        service.send_test(**where)
    with pytest.raises(Invalid):
        service.send_again(**where, delivery_id=delivery.id)


def test_a_name_without_an_address_yet_is_let_through(project: Project) -> None:
    url = "https://hooks.example.invalid/"
    assert hooks.endpoint(project, url).endpoint.url == url


def test_rotation_keeps_the_former_secret_for_a_day(project: Project) -> None:
    made = hooks.endpoint(project, URL)
    new = service.rotate_secret(actor=make.TESTER, project_id=project.id, endpoint_id=made.endpoint.id)
    row = Endpoint.objects.get()
    assert new.secret not in (None, made.secret)
    assert [vault.unseal(s, row.id) for s in (row.secret, row.old_secret)] == [new.secret, made.secret]
    assert row.old_secret_until


def test_rotation_of_one_request_is_done_once(project: Project) -> None:
    made = hooks.endpoint(project, URL)
    first, second = (
        service.rotate_secret(
            actor=make.TESTER, project_id=project.id, endpoint_id=made.endpoint.id, rotation_id="rot_1"
        )
        for _ in range(2)
    )
    assert first.secret and second.secret is None
    row = Endpoint.objects.get()
    assert [vault.unseal(s, row.id) for s in (row.secret, row.old_secret)] == [first.secret, made.secret]


def test_what_was_deleted_is_gone_for_everybody_with_its_secrets(project: Project) -> None:
    made = hooks.endpoint(project, URL)
    hooks.lead(project)
    service.delete_endpoint(actor=make.TESTER, project_id=project.id, endpoint_id=made.endpoint.id)
    row = Endpoint.objects.get()
    assert (row.secret, row.old_secret, row.is_active) == ("", "", False)
    assert Delivery.objects.get().status == "failed"
    assert list(queries.endpoints(project.id)) == []
    for act in (service.delete_endpoint, service.rotate_secret, service.send_test):
        with pytest.raises(Missing):
            act(actor=make.TESTER, project_id=project.id, endpoint_id=made.endpoint.id)


def test_a_disabled_endpoint_keeps_what_waits_and_is_told_nothing_more(project: Project) -> None:
    made = hooks.endpoint(project, URL).endpoint
    hooks.lead(project)
    row = change(project, made.id, status="disabled")
    kept = Delivery.objects.get()
    assert (kept.status, kept.next_attempt_at) == ("pending", row.paused_until)
    assert row.paused_until and timedelta(days=2.9) < row.paused_until - timezone.now() < timedelta(days=3.1)
    change(project, made.id, url=f"{URL}/other")
    row.refresh_from_db()
    assert row.paused_until == kept.next_attempt_at  # another change does not make the pause longer
    hooks.lead(project)
    assert Delivery.objects.count() == 1
    with pytest.raises(Conflict):
        service.send_test(actor=make.TESTER, project_id=project.id, endpoint_id=made.id)
    change(project, made.id, status="active")
    hooks.lead(project)
    row.refresh_from_db()
    assert row.paused_until is None
    assert Delivery.objects.filter(status="pending", next_attempt_at__lte=timezone.now()).count() == 2


@pytest.mark.parametrize("status", ["on", "", 1, True, ["active"], {}])
def test_a_status_is_one_of_two(project: Project, status: object) -> None:
    made = hooks.endpoint(project, URL).endpoint
    with pytest.raises(Invalid):
        change(project, made.id, status=status)


def test_the_same_request_again_makes_nothing_and_shows_no_secret(project: Project) -> None:
    made = [
        service.create_endpoint(
            actor=make.TESTER,
            project_id=project.id,
            catalogue=catalogues.get("boltcall"),
            url=URL,
            events=["lead.created"],
            endpoint_id=NOBODY,
        )
        for _ in range(2)
    ]
    assert [m.endpoint.id for m in made] == [NOBODY, NOBODY]
    assert made[0].secret
    assert made[1].secret is None
    assert Endpoint.objects.count() == 1


def test_an_id_that_another_project_has_is_not_shown(project: Project, mallory: User) -> None:
    made = hooks.endpoint(project, URL).endpoint
    other = make.project("Other")
    with pytest.raises(Missing) as fault:
        service.create_endpoint(
            actor=make.TESTER,
            project_id=other.id,
            catalogue=catalogues.get("boltcall"),
            url=URL,
            events=["lead.created"],
            endpoint_id=made.id,
        )
    assert made.url not in str(fault.value)


def test_a_project_has_so_many_endpoints_and_no_more(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "ENDPOINTS_MAX", 2)
    first = hooks.endpoint(project, URL).endpoint
    hooks.endpoint(project, URL)
    with pytest.raises(Conflict):
        hooks.endpoint(project, URL)
    service.delete_endpoint(actor=make.TESTER, project_id=project.id, endpoint_id=first.id)
    hooks.endpoint(project, URL)


@pytest.mark.parametrize("odd", [NOBODY, "", "whk_short", "whk_" + "\x00" * 22, "msg_" + "0" * 22, "x" * 10_000])
def test_ids_that_do_not_exist_are_missing(project: Project, odd: str) -> None:
    with pytest.raises(Missing):
        queries.endpoint_in(project.id, odd)
    with pytest.raises(Missing):
        queries.delivery_in(hooks.endpoint(project, URL).endpoint, odd)


def test_another_projects_endpoint_is_as_missing_as_none(project: Project) -> None:
    made, other = hooks.endpoint(project, URL).endpoint, make.project("Other")
    with pytest.raises(Missing) as fault:
        queries.endpoint_in(other.id, made.id)
    assert fault.value.detail == queries.NO_ENDPOINT


def test_an_allowed_host_may_be_private(project: Project, settings: LazySettings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["localhost"]
    assert hooks.endpoint(project, "http://localhost:8080/").endpoint.url == "http://localhost:8080/"
