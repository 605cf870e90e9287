"""/v1/developer-access/api-keys: the list, one key, its use, and the scopes there are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.projects.models import Project
from tests import make
from tests.api.call import call, data, pointers, secret_for
from tests.api.developer_access.managing import KEYS, SHAPE, create
from tests.api.people import access_of

pytestmark = pytest.mark.django_db


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
    twice = call("GET", f"{KEYS}/{made['id']}/usage?window=24h&window=7d", who)
    assert pointers(twice) == {"?window": "duplicate"}
    assert call("GET", f"{KEYS}/{made['id']}/usage?Window=7d", who)["Boltkeys-Ignored-Fields"] == "Window"


def test_scopes_are_those_of_the_projects_catalogue(boltly: Project, bob: User) -> None:
    for who in (access_of(bob), secret_for(boltly, "inbox:read")):
        shown = data(call("GET", "/v1/developer-access/scopes", who))
        assert (shown["catalogue"], shown["unrestricted"]) == ("boltly", False)
        by_scope = {row["scope"]: row for row in shown["data"]}
        assert list(by_scope)[:3] == ["contacts:read", "contacts:write", "contacts:manage"]
        assert by_scope["contacts:write"]["methods"] == ["PATCH", "POST"]
        assert "send" in by_scope["broadcasts:send"]["operations"]
