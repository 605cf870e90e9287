"""/v1/developer-access/api-keys: revoke and delete."""

from __future__ import annotations

import pytest

from apps.projects.models import Project
from tests import make
from tests.api.call import call, data, pointers, problem
from tests.api.developer_access.managing import KEYS, create

pytestmark = pytest.mark.django_db


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
