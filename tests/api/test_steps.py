"""The steps of broadcasts and templates: what leads to what, what is told to whom, and what is reported back."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connections
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.times import rfc3339
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records.models import Metrics, Record
from apps.records.steps import MACHINES
from apps.webhooks.events import names
from apps.webhooks.models import Delivery
from tests import make
from tests.api.boltly import ALL, BOLTLY, SAMPLES, adopted, do, events, in_state, new
from tests.api.call import call, data, pointers, problem, secret_for
from tests.webhooks import make as hooks


@pytest.fixture
def boltly(alice: User) -> Project:
    return make.project("Boltly", catalogue="boltly", administrator=alice)


@pytest.fixture
def key(boltly: Project) -> str:
    return secret_for(boltly, *ALL)


REPORTS: dict[str, dict[str, Any]] = {
    "report sending": {"status": "sending"},
    "report sent": {"status": "sent"},
    "report failed": {"status": "failed"},
    "report approved": {"status": "approved"},
    "report rejected": {"status": "rejected"},
}
# resource → what is done → state before → state after. What is not here is 409.
LEGAL = {
    "broadcasts": {
        "schedule": {"draft": "scheduled"},
        "unschedule": {"scheduled": "draft"},
        "send": {"draft": "sending", "scheduled": "sending"},
        "retry": {"failed": "sending"},
        "report sending": {"sending": "sending"},
        "report sent": {"sending": "sent", "sent": "sent"},
        "report failed": {"sending": "failed"},
    },
    "templates": {
        "submit": {"draft": "submitted", "rejected": "submitted"},
        "report approved": {"submitted": "approved"},
        "report rejected": {"submitted": "rejected", "approved": "rejected"},
    },
}
STATES = {
    "broadcasts": ["draft", "scheduled", "sending", "sent", "failed"],
    "templates": ["draft", "submitted", "approved", "rejected"],
}
POSSIBLE = {
    ("broadcasts", "draft"): ["schedule", "send"],
    ("broadcasts", "scheduled"): ["unschedule", "send"],
    ("broadcasts", "sending"): ["report"],
    ("broadcasts", "sent"): ["report"],
    ("broadcasts", "failed"): ["retry"],
    ("templates", "draft"): ["submit"],
    ("templates", "submitted"): ["report"],
    ("templates", "approved"): ["report"],
    ("templates", "rejected"): ["submit"],
}
TRIES = [(slug, what, state) for slug, steps in LEGAL.items() for what in steps for state in STATES[slug]]


@pytest.mark.parametrize(("slug", "what", "state"), TRIES)
def test_each_step_leads_on_from_its_states_and_from_no_other(
    slug: str, what: str, state: str, key: str, boltly: Project
) -> None:
    path = in_state(boltly, slug, state)
    count = Event.objects.count()
    response = do(key, path, what.split(maxsplit=1)[0], REPORTS.get(what))
    after = LEGAL[slug][what].get(state)
    if after is None:
        refused = problem(response, 409, "illegal_step")
        assert (refused["state"], refused["possible_operations"]) == (state, POSSIBLE[slug, state])
        assert state in refused["detail"] and all(each in refused["detail"] for each in POSSIBLE[slug, state])
        assert Event.objects.count() == count
    else:
        assert data(response)["status"] == after
        singular = BOLTLY.resources[slug].singular
        assert events()[-1] == f"{singular}.{verb(state, after)}"
        assert Event.objects.count() == count + 1
    assert data(call("GET", path, key))["status"] == (after or state)


def verb(before: str, after: str) -> str:
    if before == after:
        return "updated"
    return "drafted" if after == "draft" else after


def test_machines_are_those_of_the_table() -> None:
    assert {slug: {step.operation for step in machine.steps} for slug, machine in MACHINES.items()} == {
        slug: {what.split()[0] for what in steps} for slug, steps in LEGAL.items()
    }


# resource → status before → status after a change of the content. What is not here is 409.
EDITS = {
    "broadcasts": {"draft": "draft", "failed": "failed"},
    "templates": {"draft": "draft", "approved": "draft", "rejected": "draft"},
}
ONLY_WHILE = {
    "broadcasts": "only while it is draft or failed",
    "templates": "only while it is draft, approved or rejected",
}
TEXTS = {"broadcasts": "template", "templates": "body"}


@pytest.mark.parametrize(("slug", "state"), [(slug, state) for slug, states in STATES.items() for state in states])
def test_content_stays_what_was_approved_or_sent(slug: str, state: str, key: str, boltly: Project) -> None:
    path = in_state(boltly, slug, state)
    before, count = data(call("GET", path, key)), Event.objects.count()
    assert data(call("PATCH", path, key, body={"name": before["name"]})) == before
    response = call("PATCH", path, key, body={TEXTS[slug]: "Other"})
    after = EDITS[slug].get(state)
    if after is None:
        refused = problem(response, 409, "illegal_step")
        assert (refused["state"], refused["possible_operations"]) == (state, POSSIBLE[slug, state])
        assert f"{TEXTS[slug]} can be changed {ONLY_WHILE[slug]}" in refused["detail"]
        assert (data(call("GET", path, key)), Event.objects.count()) == (before, count)
    else:
        assert (data(response)[TEXTS[slug]], data(response)["status"]) == ("Other", after)
        singular = BOLTLY.resources[slug].singular
        assert events()[1:] == [f"{singular}.updated", *([f"{singular}.drafted"] if after != state else [])]


@pytest.mark.django_db
def test_catalogue_may_leave_unschedule_out(tmp_path: Path, settings: LazySettings) -> None:
    with adopted(settings, tmp_path, ('["schedule", "unschedule"]', '["schedule"]')):
        project = make.project("Own", catalogue="own")
        own = secret_for(project, "broadcasts:create", "broadcasts:send")
        path = f"/v1/broadcasts/{data(call('POST', '/v1/broadcasts', own, body={'name': 'News'}))['id']}"
        assert data(do(own, path, "schedule"))["status"] == "scheduled"
        problem(do(own, path, "unschedule"), 405, "method_not_allowed")
        assert problem(do(own, path, "retry"), 409, "illegal_step")["possible_operations"] == ["send"]
        assert "broadcast.drafted" not in names(catalogues.get("own"))


@pytest.mark.parametrize("state", STATES["broadcasts"])
def test_notes_are_written_in_every_state(state: str, key: str, boltly: Project) -> None:
    changed = data(call("PATCH", in_state(boltly, "broadcasts", state), key, body={"notes": "Went well"}))
    assert (changed["notes"], changed["status"]) == ("Went well", state)


def test_subscriber_hears_that_an_approved_template_is_a_draft_again(key: str, boltly: Project) -> None:
    hooks.endpoint(boltly, "https://8.8.8.8/hooks", "template.updated", "template.drafted")
    path = in_state(boltly, "templates", "approved")
    data(call("PATCH", path, key, body={"body": "Buy now"}))
    told = list(Delivery.objects.order_by("created_at", "id").values_list("event", flat=True))
    assert sorted(told) == ["template.drafted", "template.updated"]
    event = Event.objects.get(type="record.drafted")
    assert event.data == {"resource": "templates", "fields": ["status"], "before": "approved", "status": "draft"}
    problem(do(key, path, "report", {"status": "approved"}), 409, "illegal_step")
    assert data(do(key, path, "submit"))["status"] == "submitted"


OWNED: dict[str, dict[str, Any]] = {
    "broadcasts": {
        "status": "sent",
        "recipients": -5,
        "scheduled_at": "1999-01-01T00:00:00Z",
        "sent_at": "1999-01-01T00:00:00Z",
    },
    "templates": {"status": "approved", "rejection_reason": "None"},
}


@pytest.mark.parametrize("slug", ["broadcasts", "templates"])
def test_what_operations_set_is_set_by_nothing_else(slug: str, key: str, boltly: Project) -> None:
    owned, path = OWNED[slug], new(boltly, slug)
    empty = dict.fromkeys(owned) | {"status": "draft"}
    for method, address, sent in (("POST", f"/v1/{slug}", {"name": "News"}), ("PATCH", path, {"name": "Other"})):
        response = call(method, address, key, body=sent | owned)
        assert data(response).items() >= empty.items()
        assert {*response["Boltkeys-Ignored-Fields"].split(", ")} == {*owned}
        strict = call(method, address, key, body=sent | owned, Prefer="handling=strict")
        assert pointers(strict) == {f"/{name}": "read_only" for name in owned}


def test_record_and_metrics_say_the_same_number(key: str, boltly: Project) -> None:
    path = in_state(boltly, "broadcasts", "sending")
    for count, status in ((10, "sending"), (9, "failed")):
        reported = data(do(key, path, "report", {"status": status, "recipients": count}))
        assert (reported["recipients"], data(call("GET", f"{path}/metrics", key))["recipients"]) == (count, count)


@pytest.mark.parametrize("slug", ["broadcasts", "templates"])
def test_status_is_set_by_operations_alone(slug: str, key: str) -> None:
    sent: dict[str, Any] = {**SAMPLES[slug], "status": STATES[slug][-1]}
    response = call("POST", f"/v1/{slug}", key, body=sent)
    made = data(response)
    assert (made["status"], response["Boltkeys-Ignored-Fields"]) == ("draft", "status")
    path = f"/v1/{slug}/{made['id']}"
    response = call("PATCH", path, key, body={"status": 7})
    assert (data(response), response["Boltkeys-Ignored-Fields"]) == (made, "status")
    for method, address in (("POST", f"/v1/{slug}"), ("PATCH", path)):
        assert pointers(call(method, address, key, body=sent, Prefer="handling=strict")) == {"/status": "read_only"}
    changed = data(call("PATCH", path, key, body={"name": "Other"}))
    assert (changed["name"], changed["status"]) == ("Other", "draft")


def test_status_of_another_catalogue_is_a_field_like_others(project: Project) -> None:
    leads = secret_for(project, "leads:write")
    assert data(call("POST", "/v1/leads", leads, body={"name": "Ann", "status": "won"}))["status"] == "won"


def test_record_from_before_there_were_steps_begins_as_a_draft(key: str, boltly: Project) -> None:
    path = new(boltly, "broadcasts")
    Record.objects.update(data={"name": "Old"})
    assert data(do(key, path, "send"))["status"] == "sending"


def test_a_broadcast_from_draft_to_sent_by_way_of_a_failure(key: str, boltly: Project) -> None:
    hooks.endpoint(
        boltly, "https://8.8.8.8/hooks", *(f"broadcast.{v}" for v in ("scheduled", "sending", "failed", "sent"))
    )
    path = new(boltly, "broadcasts")
    at = rfc3339(timezone.now() + timedelta(days=1))
    scheduled = data(do(key, path, "schedule", {"scheduled_at": at}))
    assert (scheduled["status"], scheduled["scheduled_at"]) == ("scheduled", at)
    assert data(do(key, path, "send"))["status"] == "sending"
    assert data(do(key, path, "report", {"status": "failed", "reason": "No credit"}))["status"] == "failed"
    assert data(call("GET", f"{path}/metrics", key))["reason"] == "No credit"
    assert data(do(key, path, "retry"))["status"] == "sending"
    sent = data(do(key, path, "report", {"status": "sent", "recipients": 120, "delivered": 118}))
    assert (sent["status"], sent["recipients"], sent["sent_at"] is not None) == ("sent", 120, True)
    later = data(do(key, path, "report", {"status": "sent", "opened": 40}))
    assert later["sent_at"] == sent["sent_at"]
    metrics = data(call("GET", f"{path}/metrics", key))
    assert metrics.pop("reported_at") is not None
    assert metrics == {
        "id": sent["id"], "status": "sent", "recipients": 120, "delivered": 118, "opened": 40, "clicked": None,
        "replied": None, "undelivered": None, "unsubscribed": None, "reason": None,
    }  # fmt: skip
    told = list(Delivery.objects.order_by("created_at").values_list("event", flat=True))
    assert told == [f"broadcast.{v}" for v in ("scheduled", "sending", "failed", "sending", "sent")]
    assert "No credit" not in "".join(Delivery.objects.values_list("payload", flat=True))


def test_metrics_of_what_nobody_has_reported_are_null(key: str, boltly: Project) -> None:
    metrics = data(call("GET", new(boltly, "broadcasts") + "/metrics", key))
    assert (metrics["status"], metrics["reported_at"], metrics["delivered"]) == ("draft", None, None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"/status": "required"}),
        ({"status": None}, {"/status": "null"}),
        ({"status": "draft"}, {"/status": "choice"}),
        ({"status": 1}, {"/status": "type"}),
        ({"status": "sent", "delivered": -1}, {"/delivered": "range"}),
        ({"status": "sent", "delivered": "1", "opened": 1.5}, {"/delivered": "type", "/opened": "type"}),
        ({"status": "sent", "delivered": True}, {"/delivered": "type"}),
        ({"status": "failed", "reason": 1}, {"/reason": "type"}),
    ],
)
def test_faulty_report_is_422_and_changes_nothing(
    body: dict[str, Any], expected: dict[str, str], key: str, boltly: Project
) -> None:
    path = in_state(boltly, "broadcasts", "sending")
    assert pointers(do(key, path, "report", body)) == expected
    assert data(call("GET", path, key))["status"] == "sending" and not Metrics.objects.exists()


def test_scheduled_for_the_time_sent_else_now_until_it_is_unscheduled(key: str, boltly: Project) -> None:
    path, sent = new(boltly, "broadcasts"), {"scheduled_at": "2031-01-01T01:00:00+01:00"}
    assert data(do(key, path, "schedule", sent))["scheduled_at"] == "2031-01-01T00:00:00Z"
    assert data(do(key, path, "unschedule"))["scheduled_at"] is None
    before = rfc3339(timezone.now())
    assert before <= data(do(key, new(boltly, "broadcasts"), "schedule"))["scheduled_at"] <= rfc3339(timezone.now())


@pytest.mark.parametrize(
    ("at", "code"), [("2020-01-01T00:00:00Z", "past"), ("tomorrow", "format"), (7, "type"), ("2030-01-01", "format")]
)
def test_faulty_time_is_422_and_changes_nothing(at: object, code: str, key: str, boltly: Project) -> None:
    path = new(boltly, "broadcasts")
    assert pointers(do(key, path, "schedule", {"scheduled_at": at})) == {"/scheduled_at": code}
    assert data(call("GET", path, key))["status"] == "draft"


def test_a_template_that_is_rejected_keeps_the_reason_until_it_is_submitted_again(key: str, boltly: Project) -> None:
    path = new(boltly, "templates")
    assert data(do(key, path, "submit"))["status"] == "submitted"
    rejected = data(do(key, path, "report", {"status": "rejected", "rejection_reason": "Too loud"}))
    assert (rejected["status"], rejected["rejection_reason"]) == ("rejected", "Too loud")
    assert data(do(key, path, "submit"))["rejection_reason"] is None
    assert data(do(key, path, "report", {"status": "approved"}))["status"] == "approved"
    assert events()[1:] == [f"template.{v}" for v in ("submitted", "rejected", "submitted", "approved")]


def test_sync_is_asked_for_by_an_event(key: str, boltly: Project) -> None:
    hooks.endpoint(boltly, "https://8.8.8.8/hooks", "template.sync_requested")
    for _ in range(2):
        do(key, new(boltly, "templates"), "submit")
    new(boltly, "templates")
    answer = call("POST", "/v1/templates/sync", key)
    assert answer.status_code == 202 and answer.json()["submitted"] == 2  # type: ignore[attr-defined]
    assert Delivery.objects.get().event == "template.sync_requested"


@pytest.mark.django_db(transaction=True)
def test_of_sends_at_the_same_moment_exactly_one_wins() -> None:
    """Six times over: on few processors two seldom meet between reading and writing."""
    project = make.project("Boltly", catalogue="boltly")
    key, together = secret_for(project, *ALL), threading.Barrier(6)

    def one(path: str) -> int:
        together.wait()
        try:
            return do(key, path, "send").status_code
        finally:
            connections.close_all()

    for n in range(1, 7):
        path = new(project, "broadcasts")
        with ThreadPoolExecutor(6) as pool:
            assert Counter(pool.map(one, [path] * 6)) == {200: 1, 409: 5}
        assert events().count("broadcast.sending") == n


def test_step_that_is_sent_again_with_its_key_gets_the_same_answer(key: str, boltly: Project) -> None:
    path = new(boltly, "broadcasts")
    first, again = (do(key, path, "send", Idempotency_Key="a-1") for _ in range(2))
    assert (again.status_code, again.content) == (200, first.content)
    assert again["Idempotency-Replayed"] == "true"
    problem(do(key, path, "send", Idempotency_Key="a-2"), 409, "illegal_step")
    assert events().count("broadcast.sending") == 1
