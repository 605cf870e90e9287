"""/v1/developer-access/api-keys: keys managed by an administrator's access token, or by a key that may."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.api.models import KeptAnswer
from apps.audit.models import Event
from apps.core.times import rfc3339
from apps.keys.models import Key
from apps.projects import catalogues
from apps.projects.models import Project
from tests import make
from tests.api.call import call, data, pointers, problem, secret_for
from tests.api.people import access_of

pytestmark = pytest.mark.django_db
KEYS = "/v1/developer-access/api-keys"
SHAPE = {
    "id", "name", "mask", "environment", "project_id", "owner", "restricted", "scopes", "rate_limit_per_minute",
    "allowed_ips", "status", "created_at", "created_by", "expires_at", "last_used_at", "last_used_ip", "revoked_at",
    "revoked_by", "revoke_reason", "rotated_to", "usage",
}  # fmt: skip


@pytest.fixture
def boltly(alice: User, bob: User) -> Project:
    made = make.project("Messages", catalogue="boltly", administrator=alice)
    make.member(made, bob, "member", ("contacts:read",))
    return made


@pytest.fixture(params=["administrator", "key"])
def who(request: pytest.FixtureRequest, boltly: Project, alice: User) -> str:
    """The bearer of each kind that may manage the keys of the project."""
    scopes = ("contacts:read", "contacts:write", "inbox:read", "tokens:read", "tokens:create")
    return access_of(alice) if request.param == "administrator" else secret_for(boltly, *scopes, name="Manager")


def create(who: str, *scopes: str, name: str = "Website", **more: Any) -> dict[str, Any]:
    body = {"name": name, "scopes": list(scopes or ("contacts:read",)), **more}
    return dict(data(call("POST", KEYS, who, body=body)))


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
    assert pointers(call("POST", KEYS, who, body=sent)) == {"/name": "taken"}


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


# --- Reading ---------------------------------------------------------------------------------------------------------


def test_list_has_all_but_the_deleted_the_newest_first_in_pages(who: str, boltly: Project) -> None:
    before = data(call("GET", KEYS, who))["data"]
    made = [create(who, name=f"Key {n}") for n in range(5)]
    call("DELETE", f"{KEYS}/{made[0]['id']}", who)
    call("POST", f"{KEYS}/{made[1]['id']}/revoke", who, body={"reason": "unused"})
    names: list[str] = []
    cursor = ""
    while True:
        page = data(call("GET", f"{KEYS}?limit=2{cursor}", who))
        names += [key["name"] for key in page["data"]]
        assert all(set(key) == SHAPE for key in page["data"])
        if page["next_cursor"] is None:
            break
        assert len(page["data"]) == 2
        cursor = f"&cursor={page['next_cursor']}"
    assert names == ["Key 4", "Key 3", "Key 2", "Key 1", *(key["name"] for key in before)]


def test_list_is_filtered_by_status_environment_and_words(boltly: Project, alice: User) -> None:
    who = access_of(alice)
    ids = {name: create(who, name=name)["id"] for name in ("active", "revoked", "deleted")}
    ids["test"] = create(who, name="another", environment="test")["id"]
    expired = make.key(boltly, "expired", scopes=["contacts:read"], expires_at=timezone.now() + timedelta(days=1))
    make.expire(expired)
    call("POST", f"{KEYS}/{ids['revoked']}/revoke", who, body={"reason": "unused"})
    call("DELETE", f"{KEYS}/{ids['deleted']}", who)

    def names(query: str) -> set[str]:
        return {key["name"] for key in data(call("GET", f"{KEYS}?{query}", who))["data"]}

    for status in ("expired", "revoked", "deleted"):
        assert names(f"status={status}") == {status}
    assert names("status=active") == {"active", "another"}
    assert names("environment=test") == {"another"}
    assert names("q=ACTI") == {"active"}
    assert names(f"q={ids['test']}") == {"another"}
    assert names("q=%25") == set()
    assert pointers(call("GET", f"{KEYS}?status=gone", who)) == {"?status": "choice"}
    assert pointers(call("GET", f"{KEYS}?order=created_at", who)) == {"?order": "choice"}
    assert pointers(call("GET", f"{KEYS}?limit=0", who)) == {"?limit": "range"}
    assert call("GET", f"{KEYS}?colour=red", who)["Boltkeys-Ignored-Fields"] == "colour"


def test_list_takes_as_many_queries_for_one_key_as_for_many(
    boltly: Project, alice: User, django_assert_max_num_queries: Any
) -> None:
    who = access_of(alice)
    for n in range(12):
        make.key(boltly, f"Key {n}", scopes=["contacts:read"])
    call("GET", KEYS, who)
    with django_assert_max_num_queries(12):
        assert len(data(call("GET", KEYS, who))["data"]) == 12


def test_detail_and_usage_split_by_outcome(who: str) -> None:
    made = create(who, "contacts:read")
    for path in ("/v1/contacts", "/v1/contacts", "/v1/inbox"):
        call("GET", path, made["secret_key"], User_Agent="curl/8")
    shown = data(call("GET", f"{KEYS}/{made['id']}", who))
    assert shown["usage"] == {"24h": 2, "7d": 2, "30d": 2} and shown["last_used_ip"] == "127.0.0.1"
    assert shown["outcomes"]["missing_scope"] == {"24h": 1, "7d": 1, "30d": 1}
    usage = data(call("GET", f"{KEYS}/{made['id']}/usage?window=7d", who))
    assert (usage["window"], usage["totals"]) == ("7d", {"missing_scope": 1, "ok": 2})
    cells = {(c["resource"], c["outcome"]): c["count"] for c in usage["data"]}
    assert cells == {("contacts", "ok"): 2, ("inbox", "missing_scope"): 1}
    assert all(c["hour"].endswith(":00:00Z") for c in usage["data"])
    assert pointers(call("GET", f"{KEYS}/{made['id']}/usage?window=1y", who)) == {"?window": "choice"}


def test_scopes_are_those_of_the_projects_catalogue(boltly: Project, bob: User) -> None:
    for who in (access_of(bob), secret_for(boltly, "inbox:read")):
        shown = data(call("GET", "/v1/developer-access/scopes", who))
        assert (shown["catalogue"], shown["unrestricted"]) == ("boltly", False)
        by_scope = {row["scope"]: row for row in shown["data"]}
        assert list(by_scope)[:3] == ["contacts:read", "contacts:write", "contacts:manage"]
        assert by_scope["contacts:write"]["methods"] == ["PATCH", "POST"]
        assert "send" in by_scope["broadcasts:send"]["operations"]


# --- Ending ----------------------------------------------------------------------------------------------------------


def test_revoked_key_is_refused_when_the_answer_is_there(who: str) -> None:
    made = create(who)
    assert call("GET", "/v1/contacts", made["secret_key"]).status_code == 200
    shown = data(call("POST", f"{KEYS}/{made['id']}/revoke", who, body={"reason": "leaked"}))
    assert (shown["status"], shown["revoke_reason"]) == ("revoked", "leaked") and shown["revoked_by"]
    problem(call("GET", "/v1/contacts", made["secret_key"]), 401, "revoked")
    again = data(call("POST", f"{KEYS}/{made['id']}/revoke", who, body={"reason": "unused"}))
    assert again["revoke_reason"] == "leaked"


def test_revoke_needs_a_reason(who: str) -> None:
    path = f"{KEYS}/{create(who)['id']}/revoke"
    assert pointers(call("POST", path, who, body={})) == {"/reason": "required"}
    assert pointers(call("POST", path, who, body={"reason": " "})) == {"/reason": "required"}
    problem(call("POST", path, who), 400, "invalid_json")


def test_deleted_key_is_refused_and_off_the_list(who: str) -> None:
    made = create(who)
    assert call("GET", "/v1/contacts", made["secret_key"]).status_code == 200
    assert call("DELETE", f"{KEYS}/{made['id']}", who).status_code == 204
    problem(call("GET", "/v1/contacts", made["secret_key"]), 401, "deleted")
    assert made["id"] not in call("GET", KEYS, who).content.decode()
    assert data(call("GET", f"{KEYS}/{made['id']}", who))["status"] == "deleted"
    assert call("DELETE", f"{KEYS}/{made['id']}", who).status_code == 204


def test_key_may_end_itself(boltly: Project) -> None:
    new = make.new_key(boltly, "Manager", scopes=["tokens:create"])
    assert call("DELETE", f"{KEYS}/{new.key.pk}", new.secret).status_code == 204
    problem(call("DELETE", f"{KEYS}/{new.key.pk}", new.secret), 401, "deleted")


# --- Rotating --------------------------------------------------------------------------------------------------------


def rotate(who: str, key_id: str, **body: Any) -> Any:
    return call("POST", f"{KEYS}/{key_id}/rotate", who, body=body)


def test_rotated_key_and_its_successor_both_work_then_the_old_one_stops(who: str) -> None:
    old = create(who, "contacts:read", "inbox:read", rate_limit_per_minute=50, allowed_ips=["127.0.0.0/8"])
    response = rotate(who, old["id"], grace_seconds=2)
    new = data(response)
    assert (response.status_code, response["Location"]) == (201, f"{KEYS}/{new['id']}")
    carried = ("name", "scopes", "rate_limit_per_minute", "allowed_ips", "environment", "restricted", "expires_at")
    assert {name: new[name] for name in carried} == {name: old[name] for name in carried}
    assert new["secret_key"] != old["secret_key"] and new["id"] != old["id"]
    for key in (old, new):
        assert call("GET", "/v1/contacts", key["secret_key"]).status_code == 200
    shown = data(call("GET", f"{KEYS}/{old['id']}", who))
    assert (shown["rotated_to"], shown["status"]) == (new["id"], "active")
    time.sleep(2.1)
    problem(call("GET", "/v1/contacts", old["secret_key"]), 401, "expired")
    assert call("GET", "/v1/contacts", new["secret_key"]).status_code == 200
    assert data(call("GET", f"{KEYS}/{old['id']}", who))["status"] == "expired"


def test_without_a_grace_period_the_old_key_stops_at_once(who: str) -> None:
    old = create(who)
    assert call("GET", "/v1/contacts", old["secret_key"]).status_code == 200
    new = data(rotate(who, old["id"], grace_seconds=0))
    problem(call("GET", "/v1/contacts", old["secret_key"]), 401, "expired")
    assert call("GET", "/v1/contacts", new["secret_key"]).status_code == 200


def test_grace_period_is_a_day_unless_another_is_given(who: str) -> None:
    old = create(who)
    data(call("POST", f"{KEYS}/{old['id']}/rotate", who))
    ends = Key.objects.get(pk=old["id"]).expires_at
    assert ends is not None and timedelta(hours=23, minutes=59) < ends - timezone.now() <= timedelta(hours=24)


def test_grace_period_never_prolongs_a_key(who: str) -> None:
    end = rfc3339(timezone.now() + timedelta(hours=1))
    old = create(who, expires_at=end)
    new = data(rotate(who, old["id"], grace_seconds=30 * 24 * 3600))
    assert data(call("GET", f"{KEYS}/{old['id']}", who))["expires_at"] == new["expires_at"] == end


@pytest.mark.parametrize("grace", [-1, 30 * 24 * 3600 + 1, True, "60", 1.5, [60]])
def test_grace_period_has_bounds(who: str, grace: object) -> None:
    old = create(who)
    assert pointers(rotate(who, old["id"], grace_seconds=grace))["/grace_seconds"] in ("range", "type")
    assert Key.objects.get(pk=old["id"]).rotated_to is None


def test_second_rotation_of_a_key_is_refused_and_that_of_its_successor_is_not(who: str) -> None:
    first = create(who)
    second = data(rotate(who, first["id"], grace_seconds=60))
    problem(rotate(who, first["id"], grace_seconds=60), 409, "already_rotated")
    third = data(rotate(who, second["id"], grace_seconds=60))
    for key in (first, second, third):
        assert call("GET", "/v1/contacts", key["secret_key"]).status_code == 200


def test_ended_key_cannot_be_rotated(who: str) -> None:
    old = create(who)
    call("POST", f"{KEYS}/{old['id']}/revoke", who, body={"reason": "leaked"})
    problem(rotate(who, old["id"], grace_seconds=60), 409, "key_ended")


def test_old_key_can_be_revoked_within_its_grace_period(who: str) -> None:
    old = create(who)
    new = data(rotate(who, old["id"], grace_seconds=3600))
    call("POST", f"{KEYS}/{old['id']}/revoke", who, body={"reason": "replaced"})
    problem(call("GET", "/v1/contacts", old["secret_key"]), 401, "revoked")
    assert call("GET", "/v1/contacts", new["secret_key"]).status_code == 200


def test_name_stays_taken_while_the_successor_has_it(who: str) -> None:
    rotate(who, create(who, name="Website")["id"], grace_seconds=60)
    sent = {"name": "Website", "scopes": ["contacts:read"]}
    assert pointers(call("POST", KEYS, who, body=sent)) == {"/name": "taken"}


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_rotations_one_is_done() -> None:
    project = make.project("Messages", catalogue="boltly", administrator=make.user("alice@example.com"))
    who = secret_for(project, "contacts:read", "tokens:create", name="Manager")
    old = make.key(project, "Website", scopes=["contacts:read"])

    def one(_: int) -> int:
        try:
            return int(rotate(who, old.pk, grace_seconds=60).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(8))) == [201, *[409] * 7]
    assert Key.objects.filter(name="Website").count() == 2


# --- What a key cannot hand on ---------------------------------------------------------------------------------------


def a_manager(project: Project, **over: Any) -> str:
    over = {"scopes": ["contacts:read", "tokens:create"], "rate_limit": 100, "name": "Manager", **over}
    return make.new_key(project, **over).secret


@pytest.mark.parametrize(
    "more",
    [
        {"scopes": ["contacts:read", "contacts:write"]},
        {"scopes": ["tokens:read"]},
        {"rate_limit_per_minute": 101},
        {"expires_at": "2030-01-01T00:00:00Z"},
        {"allowed_ips": ["0.0.0.0/0"]},
        {"allowed_ips": ["127.0.0.1", "198.51.100.1"]},
        {"environment": "test"},
    ],
)
def test_key_cannot_make_a_key_that_could_do_more(boltly: Project, more: dict[str, Any]) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    who = a_manager(boltly, expires_at=tomorrow, allowed_ips=["127.0.0.0/8"])
    response = call("POST", KEYS, who, body={"name": "More", "scopes": ["contacts:read"], **more})
    problem(response, 403, "exceeds_own")
    assert not Key.objects.filter(name="More").exists()


def test_key_that_a_key_makes_has_its_end_addresses_and_at_most_its_limit(boltly: Project) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    who = a_manager(boltly, expires_at=tomorrow, allowed_ips=["127.0.0.0/8"], rate_limit=20)
    made = create(who, "contacts:read")
    assert (made["expires_at"], made["allowed_ips"]) == (rfc3339(tomorrow), ["127.0.0.0/8"])
    assert made["rate_limit_per_minute"] == 20
    narrower = create(who, name="Narrower", allowed_ips=["127.0.0.1"], rate_limit_per_minute=5)
    assert (narrower["allowed_ips"], narrower["rate_limit_per_minute"]) == (["127.0.0.1/32"], 5)


def test_key_cannot_make_an_unrestricted_key_unless_it_is_one(alice: User) -> None:
    voice = make.project("Voice", catalogue="voice", administrator=alice)
    sent = {"name": "All", "unrestricted": True}
    everything = secret_for(voice, *voice_scopes(), name="Everything", rate_limit=60)
    problem(call("POST", KEYS, everything, body=sent), 403, "exceeds_own")
    unrestricted = make.new_key(voice, "Unrestricted", unrestricted=True).secret
    assert data(call("POST", KEYS, unrestricted, body=sent))["restricted"] is False


def voice_scopes() -> tuple[str, ...]:
    return catalogues.get("voice").scopes


def test_key_may_hand_on_what_its_own_permissions_include(alice: User) -> None:
    voice = make.project("Voice", catalogue="voice", administrator=alice)
    who = secret_for(voice, "api_keys:write", "calls:write", name="Manager")
    sent = {"name": "Reader", "scopes": ["calls:read", "api_keys:read"]}
    reader = data(call("POST", KEYS, who, body=sent))["secret_key"]
    assert call("GET", KEYS, reader).status_code == 200
    problem(call("POST", KEYS, reader, body=sent), 403, "missing_scope")


@pytest.mark.parametrize(
    "more",
    [
        {"scopes": ["contacts:manage"]},
        {"rate_limit": 101},
        {"expires_at": timezone.now() + timedelta(days=30)},
        {"allowed_ips": ["10.0.0.0/8"]},
    ],
)
def test_key_cannot_rotate_a_key_that_can_do_more_and_so_get_its_rights(boltly: Project, more: dict[str, Any]) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    who = a_manager(boltly, expires_at=tomorrow, allowed_ips=["127.0.0.0/8"])
    within = {
        "scopes": ["contacts:read"], "rate_limit": 100, "expires_at": tomorrow, "allowed_ips": ["127.0.0.0/8"],
    }  # fmt: skip
    data(rotate(who, make.key(boltly, "Within", **within).pk, grace_seconds=60))
    target = make.key(boltly, "Target", **{**within, **more})
    problem(rotate(who, target.pk, grace_seconds=0), 403, "exceeds_own")
    target.refresh_from_db()
    assert target.rotated_to is None and target.expires_at == {**within, **more}["expires_at"]


def test_successor_cannot_be_given_a_later_end_by_a_key(boltly: Project) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    new = make.new_key(boltly, "Manager", scopes=["tokens:create"], expires_at=tomorrow)
    later = rfc3339(tomorrow + timedelta(days=1))
    problem(rotate(new.secret, new.key.pk, grace_seconds=60, expires_at=later), 403, "exceeds_own")
    assert data(rotate(new.secret, new.key.pk, grace_seconds=60))["expires_at"] == rfc3339(tomorrow)


def test_administrator_may_give_the_successor_another_end(boltly: Project, alice: User) -> None:
    old = make.key(boltly, scopes=["contacts:read"], expires_at=timezone.now() + timedelta(days=1))
    later = rfc3339(timezone.now() + timedelta(days=90))
    assert data(rotate(access_of(alice), old.pk, expires_at=later))["expires_at"] == later


def test_key_of_a_user_makes_keys_of_that_user_that_lose_what_the_user_loses(boltly: Project, bob: User) -> None:
    membership = bob.memberships.get()
    for action in ("read", "create"):
        make.MemberGrant.objects.create(membership=membership, resource="tokens", action=action)
    who = make.new_key(None, "Bob's", owner=bob).secret
    made = create(who, "contacts:read")
    assert made["owner"] == {"id": str(bob.pk), "email": bob.email}
    assert call("GET", "/v1/contacts", made["secret_key"]).status_code == 200
    problem(call("POST", KEYS, who, body={"name": "W", "scopes": ["contacts:write"]}), 403, "exceeds_own")
    foreign = make.key(boltly, "Foreign", scopes=["contacts:read"])
    problem(rotate(who, foreign.pk, grace_seconds=60), 403, "exceeds_own")


def test_no_endpoint_changes_a_key(who: str) -> None:
    made = create(who)
    for method in ("PATCH", "PUT", "POST"):
        response = call(method, f"{KEYS}/{made['id']}", who, body={"rate_limit_per_minute": 1_000_000})
        problem(response, 405, "method_not_allowed")
    assert Key.objects.get(pk=made["id"]).rate_limit == made["rate_limit_per_minute"]


# --- Who may come in -------------------------------------------------------------------------------------------------

ENDPOINTS = [
    ("GET", "", None, "tokens:read", 200),
    ("HEAD", "", None, "tokens:read", 200),
    ("POST", "", {"name": "New", "scopes": ["contacts:read"]}, "tokens:create", 201),
    ("GET", "/{id}", None, "tokens:read", 200),
    ("GET", "/{id}/usage", None, "tokens:read", 200),
    ("POST", "/{id}/rotate", {"grace_seconds": 60}, "tokens:create", 201),
    ("POST", "/{id}/revoke", {"reason": "unused"}, "tokens:create", 200),
    ("DELETE", "/{id}", None, "tokens:create", 204),
]


@pytest.mark.parametrize(("method", "path", "sent", "needed", "status"), ENDPOINTS)
def test_each_endpoint_needs_its_permission_or_an_administrator(
    method: str, path: str, sent: object, needed: str, status: int, boltly: Project, alice: User, bob: User
) -> None:
    make.MemberGrant.objects.create(membership=bob.memberships.get(), resource="tokens", action="create")
    other = {"tokens:read": "tokens:create", "tokens:create": "tokens:read"}[needed]
    target = make.key(boltly, "Target", scopes=["contacts:read"])
    address = KEYS + path.format(id=target.pk)
    refused = {
        "nobody": "",
        "another permission": secret_for(boltly, other, "contacts:read", name="Another"),
        "a member": access_of(bob),
        "somebody else's administrator": access_of(_stranger()),
    }
    expected = {"nobody": 401, "another permission": 403, "a member": 403, "somebody else's administrator": 404}
    for name, who in refused.items():
        found = call(method, address, who, body=sent, **({} if name != "somebody else's administrator" else OTHER))
        assert found.status_code == expected[name], (name, found.content)
    target.refresh_from_db()
    assert (target.revoked_at, target.rotated_to) == (None, None)
    good = [secret_for(boltly, needed, "contacts:read", name="Good"), access_of(alice)]
    for n, who in enumerate(good):
        mine = make.key(boltly, f"Mine {n}", scopes=["contacts:read"])
        body = {**sent, "name": f"New {n}"} if isinstance(sent, dict) and "name" in sent else sent
        assert call(method, KEYS + path.format(id=mine.pk), who, body=body).status_code == status


OTHER = {"X_Project": "messages"}


def _stranger() -> User:
    mallory = make.user("mallory@example.com")
    make.project("Theirs", catalogue="boltly", administrator=mallory)
    return mallory


@pytest.mark.parametrize("catalogue", ["boltcall", "bolten"])
def test_keys_of_a_catalogue_without_the_permission_manage_nothing(catalogue: str, alice: User) -> None:
    project = make.project("Other", catalogue=catalogue, administrator=alice)
    everything = secret_for(project, *catalogues.get(catalogue).scopes, name="Everything")
    response = call("GET", KEYS, everything)
    body = problem(response, 403, "missing_scope")
    assert body["required_scope"] is None
    assert response["WWW-Authenticate"] == 'Bearer realm="boltkeys", error="insufficient_scope"'
    mine = make.new_key(None, "Alice's", owner=alice).secret
    problem(call("GET", KEYS, mine), 403, "missing_scope")
    assert call("GET", KEYS, access_of(alice)).status_code == 200


def test_keys_of_another_project_are_not_there(who: str, alice: User) -> None:
    other = make.project("Other", catalogue="boltly", administrator=make.user("dora@example.com"))
    foreign = make.key(other, "Foreign", scopes=["contacts:read"])
    assert foreign.pk not in call("GET", f"{KEYS}?q=Foreign", who).content.decode()
    for method, path, sent in (
        ("GET", "", None), ("DELETE", "", None), ("POST", "/revoke", {"reason": "x"}), ("POST", "/rotate", {}),
        ("GET", "/usage", None),
    ):  # fmt: skip
        answers = []
        for key_id in (foreign.pk, "key_" + "0" * 22, "nonsense", "%00", "a'b", "k" * 3000):
            body = problem(call(method, f"{KEYS}/{key_id}{path}", who, body=sent), 404, "not_found")
            del body["instance"], body["request_id"]
            answers.append(body)
        assert all(answer == answers[0] for answer in answers)
    foreign.refresh_from_db()
    assert (foreign.revoked_at, foreign.rotated_to) == (None, None)


def test_x_api_key_works_as_bearer_does(boltly: Project) -> None:
    key = secret_for(boltly, "tokens:read")
    assert call("GET", KEYS, X_API_Key=key).status_code == 200


def test_what_was_refused_is_counted_as_refused(boltly: Project, alice: User) -> None:
    new = make.new_key(boltly, "Reader", scopes=["tokens:read"])
    call("GET", KEYS, new.secret)
    call("POST", KEYS, new.secret, body={"name": "W", "scopes": ["tokens:read"]})
    usage = data(call("GET", f"{KEYS}/{new.key.pk}/usage", access_of(alice)))
    assert {(c["resource"], c["outcome"]): c["count"] for c in usage["data"]} == {
        ("tokens", "ok"): 1, ("tokens", "missing_scope"): 1,
    }  # fmt: skip
