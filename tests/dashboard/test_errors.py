"""The pages that say what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.test import Client, RequestFactory

from apps.accounts.models import User
from apps.core.errors import Unavailable
from apps.dashboard import errors
from apps.keys import queries
from apps.projects.models import Project
from tests.dashboard.html import read

pytestmark = pytest.mark.django_db


def raising(error: Exception) -> Callable[..., object]:
    def refuse(*args: object, **kwargs: object) -> object:
        raise error

    return refuse


def test_member_learns_who_can_help(client: Client, bob: User, project: Project) -> None:
    client.force_login(bob)
    response = client.get("/projects/acme-calls/api-keys/")
    page = read(response)
    assert response.status_code == 403
    assert "This page is for administrators" in page.text and "Acme Calls" in page.text
    assert [a.attributes["href"] for a in page.one("ul").all("a")] == ["mailto:alice@example.com"]


def test_outsider_learns_nothing(client: Client, mallory: User, project: Project) -> None:
    client.force_login(mallory)
    known = client.get("/projects/acme-calls/api-keys/")
    unknown = client.get("/projects/no-such-project/api-keys/")
    assert (known.status_code, known.content) == (404, unknown.content)


def test_refusal_without_a_project_has_its_page() -> None:
    response = errors.permission_denied(RequestFactory().get("/"), PermissionDenied())
    assert response.status_code == 403 and "An administrator can help" in read(response).text


def test_bad_request_has_its_page() -> None:
    response = errors.bad_request(RequestFactory().get("/"), SuspiciousOperation())
    assert response.status_code == 400 and "could not be read" in read(response).text


def test_form_that_is_no_longer_valid_has_its_page(project: Project, alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = client.post("/projects/acme-calls/api-keys/new/create/", {})
    assert response.status_code == 403 and "no longer valid" in read(response).text


@pytest.mark.parametrize("error", [OperationalError("gone"), Unavailable("gone")])
def test_database_that_is_down_is_said_so(
    client: Client, alice: User, project: Project, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    client.force_login(alice)
    client.raise_request_exception = False
    monkeypatch.setattr(queries, "active_keys", raising(error))
    response = client.get("/projects/acme-calls/api-keys/")
    assert response.status_code == 503 and response["Retry-After"] == "5"
    assert "The database does not answer" in read(response).text and "gone" not in response.content.decode()


def test_failure_tells_the_reader_nothing_of_the_inside(
    client: Client, alice: User, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(alice)
    client.raise_request_exception = False
    monkeypatch.setattr(queries, "active_keys", raising(ZeroDivisionError("inside")))
    response = client.get("/projects/acme-calls/api-keys/")
    assert response.status_code == 500
    assert "Something went wrong here" in read(response).text and "inside" not in response.content.decode()
