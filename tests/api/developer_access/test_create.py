"""/v1/developer-access/api-keys: a key is made, and its secret is said once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.api.models import KeptAnswer
from apps.audit.models import Event
from apps.keys.models import Key
from apps.projects.models import Project
from tests import make
from tests.api.call import call, data, pointers, problem
from tests.api.developer_access.managing import KEYS, SHAPE, create
from tests.api.people import access_of

pytestmark = pytest.mark.django_db


def test_create_answers_the_key_and_its_secret_once(who: str, boltly: Project) -> None:
    sent = {
        "name": "Website", "scopes": ["contacts:read", "inbox:read"], "expires_at": "2027-01-31T12:00:00+01:00",
        "rate_limit_per_minute": 30, "allowed_ips": ["127.0.0.1"],
    }  # fmt: skip
    response = call("POST", KEYS, who, body=sent)
    made = data(response)
    assert (response.status_code, response["Location"]) == (201, f"{KEYS}/{made['id']}")
    assert set(made) == SHAPE | {"secret_key"}
    assert made["secret_key"].startswith("sk_live_") and made["mask"] == f"sk_live_…{made['secret_key'][-4:]}"
    assert (made["scopes"], made["restricted"], made["status"]) == (["contacts:read", "inbox:read"], True, "active")
    assert (made["expires_at"], made["rate_limit_per_minute"]) == ("2027-01-31T11:00:00Z", 30)
    assert (made["allowed_ips"], made["project_id"], made["owner"]) == (["127.0.0.1/32"], boltly.id, None)
    assert call("GET", "/v1/contacts", made["secret_key"]).status_code == 200
    problem(call("POST", "/v1/contacts", made["secret_key"], body={"name": "Ann"}), 403, "missing_scope")
    for path in (KEYS, f"{KEYS}/{made['id']}", f"{KEYS}/{made['id']}/usage"):
        shown = call("GET", path, who).content.decode()
        assert made["secret_key"] not in shown and "secret_key" not in shown
    assert made["secret_key"] not in str([*Key.objects.values(), *Event.objects.values(), *KeptAnswer.objects.values()])


def test_creator_is_named_in_the_key_and_in_the_audit(who: str, boltly: Project, alice: User) -> None:
    made = create(who)
    event = Event.objects.get(type="key.created", target_id=made["id"])
    assert event.actor_label == made["created_by"] and event.project_id == boltly.id
    assert (event.actor_kind, event.actor_label) in (("user", alice.email), ("key", "Manager"))
    assert event.ip == "127.0.0.1" and event.request_id.startswith("req_")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, {"/name": "required"}),
        ({"name": "Website"}, {"/scopes": "required"}),
        ({"name": "Website", "scopes": []}, {"/scopes": "required"}),
        ({"name": "", "scopes": ["contacts:read"]}, {"/name": "required"}),
        ({"name": 7, "scopes": "contacts:read"}, {"/name": "type", "/scopes": "type"}),
        ({"name": "W", "scopes": ["contacts:read", 7]}, {"/scopes": "type"}),
        ({"name": "W", "scopes": ["leads:read"]}, {"/scopes/0": "unknown_scope"}),
        ({"name": "W", "unrestricted": True}, {"/unrestricted": "unrestricted"}),
        ({"name": "W", "unrestricted": "yes"}, {"/unrestricted": "type"}),
        ({"name": "W", "scopes": ["contacts:read"], "rate_limit_per_minute": True}, {"/rate_limit_per_minute": "type"}),
        ({"name": "W", "scopes": ["contacts:read"], "rate_limit_per_minute": 0}, {"/rate_limit_per_minute": "range"}),
        ({"name": "W", "scopes": ["contacts:read"], "expires_at": "tomorrow"}, {"/expires_at": "format"}),
        ({"name": "W", "scopes": ["contacts:read"], "expires_at": "2027-01-31T12:00:00"}, {"/expires_at": "zone"}),
        ({"name": "W", "scopes": ["contacts:read"], "expires_at": "2020-01-31T12:00:00Z"}, {"/expires_at": "past"}),
        ({"name": "W", "scopes": ["contacts:read"], "allowed_ips": ["nowhere"]}, {"/allowed_ips/0": "network"}),
        ({"name": "W", "scopes": ["contacts:read"], "environment": "prod"}, {"/environment": "choice"}),
        ({"name": "W", "scopes": ["contacts:read"], "owner": "bob@example.com"}, {"/owner": "choice"}),
    ],
)
def test_create_names_what_is_wrong(who: str, sent: dict[str, Any], expected: dict[str, str]) -> None:
    before = Key.objects.count()
    assert pointers(call("POST", KEYS, who, body=sent)) == expected
    assert Key.objects.count() == before


def test_what_a_client_cannot_choose_is_ignored(who: str, boltly: Project) -> None:
    sent = {
        "name": "Website", "scopes": ["contacts:read"], "id": "key_x", "digest": "00", "secret_key": "sk_live_mine",
        "project_id": "prj_other", "created_by": "nobody", "status": "revoked", "prefix": "sk_test_", "user_id": 1,
    }  # fmt: skip
    response = call("POST", KEYS, who, body=sent)
    made = data(response)
    assert made["id"] != "key_x" and made["secret_key"] != "sk_live_mine" and made["project_id"] == boltly.id
    assert made["status"] == "active" and made["created_by"] != "nobody"
    ignored = response["Boltkeys-Ignored-Fields"].split(", ")
    assert ignored == ["id", "digest", "secret_key", "project_id", "created_by", "status", "prefix", "user_id"]
    assert set(pointers(call("POST", KEYS, who, body=sent | {"name": "W"}, Prefer="handling=strict"))) == {
        f"/{name}" for name in ignored
    }


def test_name_that_is_taken_is_refused(who: str) -> None:
    create(who, name="Website")
    sent = {"name": "Website", "scopes": ["contacts:read"]}
    body = problem(call("POST", KEYS, who, body=sent), 409, "taken")
    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [("/name", "taken")]


def test_environment_is_the_projects_unless_another_is_chosen(boltly: Project, alice: User) -> None:
    made = create(access_of(alice), environment="test")
    assert made["environment"] == "test" and made["secret_key"].startswith("sk_test_")


def test_owner_me_makes_a_key_that_can_do_no_more_than_its_owner(boltly: Project, alice: User) -> None:
    made = create(access_of(alice), "contacts:read", owner="me")
    assert made["owner"] == {"id": str(alice.pk), "email": alice.email}
    assert call("GET", "/v1/contacts", made["secret_key"]).status_code == 200
    make.Membership.objects.filter(user=alice).update(role="member")
    make.flush_redis()
    problem(call("GET", "/v1/contacts", made["secret_key"]), 403, "missing_scope")


def test_unrestricted_key_of_a_catalogue_that_has_them(alice: User) -> None:
    make.project("Voice", catalogue="voice", administrator=alice)
    made = data(call("POST", KEYS, access_of(alice), body={"name": "All", "unrestricted": True}))
    assert (made["restricted"], made["scopes"]) == (False, [])
    assert call("GET", "/v1/calls", made["secret_key"]).status_code == 200


def test_created_twice_with_one_idempotency_key_is_one_key_whose_secret_came_once(who: str) -> None:
    sent = {"name": "Website", "scopes": ["contacts:read"]}
    first, second = (call("POST", KEYS, who, body=sent, Idempotency_Key="k1") for _ in range(2))
    assert second["Idempotency-Replayed"] == "true" and second["Location"] == first["Location"]
    assert data(second) == data(first) | {"secret_key": None}
    problem(call("POST", KEYS, who, body=sent | {"name": "X"}, Idempotency_Key="k1"), 422, "idempotency_reused")
    assert Key.objects.filter(name="Website").count() == 1


def test_request_that_was_cut_off_after_its_work_makes_no_second_key(who: str) -> None:
    sent = {"name": "Website", "scopes": ["contacts:read"]}
    first = data(call("POST", KEYS, who, body=sent, Idempotency_Key="k1"))
    KeptAnswer.objects.update(status=None, body="", started_at=timezone.now() - timedelta(minutes=5))
    again = call("POST", KEYS, who, body=sent, Idempotency_Key="k1")
    assert data(again) == first | {"secret_key": None}


def test_answer_names_no_more_faults_than_anybody_mends(who: str) -> None:
    response = call("POST", KEYS, who, body={"name": "W", "scopes": ["x"] * 20_000})
    assert len(problem(response, 422, "invalid")["errors"]) == 20
    assert len(response.content) < 50_000
