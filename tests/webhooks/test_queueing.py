"""Which facts become deliveries: in the transaction of the fact, to those who have subscribed, with what is known."""

from __future__ import annotations

import json

import pytest
from django.db import transaction
from django_tasks_db.models import DBTaskResult

from apps.audit import service as audit
from apps.audit.events import EventType
from apps.keys import service as keys
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import service as records
from apps.webhooks.models import Delivery
from tests import make
from tests.webhooks import make as hooks

pytestmark = pytest.mark.django_db

URL = "https://8.8.8.8/hooks"  # nothing is sent there


def sent() -> list[str]:
    return list(Delivery.objects.order_by("created_at").values_list("event", flat=True))


def test_the_life_of_a_record_is_told_to_who_has_subscribed(project: Project) -> None:
    hooks.endpoint(project, URL, "lead.created", "lead.updated", "lead.deleted")
    lead, resource = hooks.lead(project), catalogues.get("boltcall").resources["leads"]
    where = {"actor": make.TESTER, "project_id": project.id, "resource": resource, "record_id": lead}
    records.update_record(**where, data={"name": "Bea"})  # type: ignore[arg-type]
    records.delete_record(**where)  # type: ignore[arg-type]
    assert sent() == ["lead.created", "lead.updated", "lead.deleted"]


def test_a_payload_names_the_record_and_no_values(project: Project) -> None:
    hooks.endpoint(project, URL)
    lead = hooks.lead(project, email="ann@example.com")
    payload = Delivery.objects.get().payload
    assert payload.isascii()
    body = json.loads(payload)
    assert (body["type"], body["data"]["id"], body["data"]["resource"]) == ("lead.created", lead, "leads")
    assert body["timestamp"].endswith("Z")
    assert body["data"]["fields"] == ["email", "name"]
    assert body["data"]["actor"] == {"type": "user", "id": "tester"}
    assert "ann@example.com" not in payload


def test_the_life_of_a_key_is_told_without_its_secret(project: Project) -> None:
    hooks.endpoint(project, URL, "key.created", "key.revoked", "key.deleted")
    new = make.new_key(project, "Website")
    keys.revoke_key(actor=make.TESTER, key=new.key, reason="leaked")
    keys.delete_key(actor=make.TESTER, key=new.key)
    assert sent() == ["key.created", "key.revoked", "key.deleted"]
    bodies = [json.loads(d.payload)["data"] for d in Delivery.objects.order_by("created_at")]
    assert [b["id"] for b in bodies] == [new.key.id] * 3
    assert (bodies[1]["name"], bodies[1]["reason"], bodies[1]["mask"]) == ("Website", "leaked", new.key.mask)
    assert new.secret not in str(bodies)


def test_who_has_not_subscribed_hears_nothing(project: Project) -> None:
    hooks.endpoint(project, URL, "key.revoked")
    hooks.endpoint(make.project("Other"), URL, "lead.created")
    hooks.lead(project)
    assert sent() == []


def test_each_endpoint_gets_its_own_delivery_and_the_queue_its_task(project: Project) -> None:
    for _ in range(3):
        hooks.endpoint(project, URL)
    hooks.lead(project)
    assert len({d.endpoint_id for d in Delivery.objects.all()}) == 3
    tasks = DBTaskResult.objects.filter(task_path="apps.webhooks.tasks.deliver")
    assert {t.args_kwargs["args"][0] for t in tasks} == {d.id for d in Delivery.objects.all()}


def _create_and_fail(project: Project) -> None:
    with transaction.atomic():
        audit.record(
            EventType.RECORD_CREATED, actor=make.TESTER, project_id=project.id, target_id="rec_x", target_label="lead"
        )
        assert Delivery.objects.count() == 1
        raise RuntimeError


@pytest.mark.django_db(transaction=True)
def test_a_fact_that_is_rolled_back_is_told_to_nobody(project: Project) -> None:
    hooks.endpoint(project, URL)
    with pytest.raises(RuntimeError):
        _create_and_fail(project)
    assert Delivery.objects.count() == 0
    assert DBTaskResult.objects.count() == 0
