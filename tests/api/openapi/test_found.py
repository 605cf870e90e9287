"""What schemathesis found in the API, and what was mended for it."""

from __future__ import annotations

import pytest

from apps.accounts.models import User
from tests import make
from tests.api.call import call, data, problem
from tests.api.people import access_of

pytestmark = pytest.mark.django_db
KEYS = "/v1/developer-access/api-keys"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE"])
def test_method_that_no_project_has_is_a_405_whatever_project_is_named(method: str, alice: User) -> None:
    project = make.project("Messages", catalogue="boltly", administrator=alice)
    for who in (make.new_key(project, scopes=["contacts:read"]).secret, access_of(alice)):
        answer = call(method, KEYS, who, X_Project="nowhere")
        problem(answer, 405, "method_not_allowed")
        assert answer["Allow"] == "GET, HEAD, POST"
        problem(call("GET", KEYS, who, X_Project="nowhere"), 404, "unknown_project")


def test_whole_number_may_be_written_with_a_point(alice: User) -> None:
    """JSON has one kind of number: 30.0 is an integer to JSON Schema, and some clients write it so."""
    project = make.project("Messages", catalogue="boltly", administrator=alice)
    token, sent = access_of(alice), {"name": "Website", "scopes": ["contacts:read"]}
    made = data(call("POST", KEYS, token, body={**sent, "rate_limit_per_minute": 30.0}))
    assert (made["rate_limit_per_minute"], made["project_id"]) == (30, project.id)
    problem(call("POST", KEYS, token, body={**sent, "rate_limit_per_minute": 30.5}), 422, "invalid")
