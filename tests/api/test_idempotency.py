"""Idempotency-Key: a POST that is sent again does its work once."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.response import Response

from apps.api import idempotency
from apps.api.models import KeptAnswer
from apps.core import clock
from apps.keys import service as keys
from apps.keys.models import Key
from apps.projects.models import Project
from apps.records import service
from apps.records.models import Record
from tests import make
from tests.api.call import call, data, pointers, problem, secret_for

ID = "8e03978e-40d5-43e8-bc93-6894a57f9324"
ANN = {"name": "Ann"}


@pytest.fixture
def key(project: Project) -> str:
    return secret_for(project, "leads:read", "leads:write", "contacts:write")


def post(
    key: str, body: object = None, idempotency_key: str = ID, path: str = "/v1/leads", **headers: str
) -> HttpResponse:
    return call("POST", path, key, body=ANN if body is None else body, Idempotency_Key=idempotency_key, **headers)


def test_same_request_gets_the_same_answer_and_is_done_once(key: str) -> None:
    first, second = post(key), post(key)
    assert (second.status_code, second.content) == (201, first.content)
    assert second["Location"] == first["Location"]
    assert second["Content-Type"] == first["Content-Type"]
    assert "Idempotency-Replayed" not in first and second["Idempotency-Replayed"] == "true"
    assert Record.objects.count() == 1
    assert second["X-Request-Id"] != first["X-Request-Id"] and "RateLimit" in second


def test_listed_names_come_again(key: str) -> None:
    for _ in range(2):
        assert post(key, ANN | {"x": 1})["Boltkeys-Ignored-Fields"] == "x"


def test_way_of_writing_the_body_does_not_count(key: str) -> None:
    first = post(key, b'{"name": "Ann", "notes": "x"}')
    assert post(key, b'{ "notes":"\\u0078",\n"name":"Ann"}').content == first.content


@pytest.mark.parametrize("other", [{"name": "Eve"}, {"name": "Ann", "notes": ""}, {"name": "Ann", "x": 1}])
def test_other_body_is_422(other: dict[str, Any], key: str) -> None:
    post(key)
    problem(post(key, other), 422, "idempotency_reused")
    assert Record.objects.get().data == ANN


def test_other_query_or_preference_is_another_request(key: str) -> None:
    post(key)
    problem(post(key, path="/v1/leads?x=1"), 422, "idempotency_reused")
    problem(post(key, Prefer="handling=strict"), 422, "idempotency_reused")


def test_key_is_bound_to_the_path_and_to_who_sends_it(key: str, project: Project) -> None:
    other = secret_for(project, "leads:write", name="Other")
    paths = [post(key)["Location"], post(key, path="/v1/contacts")["Location"], post(other)["Location"]]
    assert len(set(paths)) == 3


def test_quotes_around_the_key_are_not_part_of_it(key: str) -> None:
    assert post(key, idempotency_key=f'"{ID}"').content == post(key).content


@pytest.mark.parametrize("bad", ["", " ", '""', "a b", "é", "x" * 256, '"a', 'a"', 'a"b', "a\\b", "\x7f"])
def test_strange_keys_are_400(bad: str, key: str) -> None:
    problem(post(key, idempotency_key=bad.encode().decode("latin-1")), 400, "invalid_idempotency_key")
    assert not Record.objects.exists()


def test_longest_key_is_accepted(key: str) -> None:
    assert post(key, idempotency_key="x" * 255).status_code == 201


def test_refused_request_may_be_tried_again_with_the_same_key(key: str) -> None:
    assert pointers(post(key, {"name": 1})) == {"/name": "type"}
    problem(post(key, b"x"), 400, "invalid_json")
    problem(post(key, b""), 400, "invalid_json")
    assert post(key).status_code == 201


def test_other_methods_have_no_use_for_it(key: str) -> None:
    path = post(key)["Location"]
    for notes in ("one", "two"):
        assert data(call("PATCH", path, key, body={"notes": notes}, Idempotency_Key=ID))["notes"] == notes
    assert call("GET", path, key, Idempotency_Key="é é").status_code == 200


def test_request_that_still_runs_is_409(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    inner: list[HttpResponse] = []
    create = service.create_record

    def slow(**given: Any) -> Any:
        inner.append(post(key))
        inner.append(post(key, {"name": "Eve"}))
        return create(**given)

    monkeypatch.setattr(service, "create_record", slow)
    assert post(key).status_code == 201
    assert problem(inner[0], 409, "idempotency_running")["retry_after"] == 1
    assert inner[0]["Retry-After"] == "1"
    problem(inner[1], 422, "idempotency_reused")
    assert Record.objects.count() == 1


def test_request_that_failed_is_taken_over_and_makes_nothing_twice(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    create = service.create_record

    def failing(**given: Any) -> Any:
        create(**given)
        raise OperationalError("The connection broke after the commit.")

    monkeypatch.setattr(service, "create_record", failing)
    problem(post(key), 503, "unavailable")
    monkeypatch.setattr(service, "create_record", create)
    answer = post(key)
    assert data(answer)["id"] == Record.objects.get().id
    assert post(key).content == answer.content


def test_request_that_was_cut_off_is_taken_over_after_a_minute(key: str) -> None:
    post(key)
    now = timezone.now()
    KeptAnswer.objects.update(status=None, body="", started_at=now - idempotency.STALE + timedelta(seconds=5))
    problem(post(key), 409, "idempotency_running")
    KeptAnswer.objects.update(started_at=now - idempotency.STALE - timedelta(seconds=5))
    assert data(post(key))["id"] == Record.objects.get().id


def test_after_a_day_the_key_is_new_again(key: str) -> None:
    post(key)
    KeptAnswer.objects.update(created_at=timezone.now() - idempotency.KEPT - timedelta(seconds=1))
    assert post(key, {"name": "Eve"}).status_code == 201
    assert KeptAnswer.objects.count() == 1
    assert Record.objects.count() == 2


def test_old_answers_are_swept_away(key: str) -> None:
    old = timezone.now() - idempotency.KEPT - timedelta(seconds=1)
    KeptAnswer.objects.bulk_create(
        KeptAnswer(digest=f"{i:064}", fingerprint="", reserved="", created_at=old, started_at=old) for i in range(150)
    )
    post(key)
    assert KeptAnswer.objects.count() == 51
    post(key, idempotency_key="other")
    assert KeptAnswer.objects.count() == 2


def test_worker_forgets_old_answers_though_nobody_posts(key: str) -> None:
    post(key)
    old = timezone.now() - idempotency.KEPT - timedelta(seconds=1)
    KeptAnswer.objects.bulk_create(
        KeptAnswer(digest=f"{i:064}", fingerprint="", reserved="", created_at=old, started_at=old) for i in range(250)
    )
    assert idempotency.sweep_all in clock.due(0)
    idempotency.sweep_all(timezone.now())
    assert KeptAnswer.objects.count() == 1


def test_kept_answer_has_no_secret_and_names_nobody(key: str) -> None:
    made = Response({"id": "key_1", "secret_key": "sk_live_x", "secret": "whsec_x"})
    answer = idempotency._body(made, idempotency.SECRETS)
    assert answer == '{"id":"key_1","secret_key":null,"secret":null}'
    post(key)
    row = KeptAnswer.objects.values().get()
    assert ID not in str(row) and key not in str(row)


def test_key_that_lost_its_permission_gets_no_kept_answer(key: str, project: Project) -> None:
    post(key)
    keys.revoke_key(actor=make.TESTER, key=Key.objects.get(), reason="leaked")
    problem(post(key), 401, "revoked")


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_does_the_work() -> None:
    key = secret_for(make.project(), "leads:write")
    together = threading.Barrier(12)

    def one(_: int) -> tuple[int, str]:
        together.wait()
        try:
            response = post(key)
            return response.status_code, response.get("Location", "")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(one, range(12)))
    statuses = Counter(status for status, _ in answers)
    assert set(statuses) <= {201, 409} and statuses[201] >= 1
    assert len({location for status, location in answers if status == 201}) == 1
    assert Record.objects.count() == 1
    assert post(key).status_code == 201
