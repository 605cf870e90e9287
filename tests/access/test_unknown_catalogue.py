"""A project whose catalogue this server does not know: one that was started with other files, or before the others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.urls import reverse

from apps.core.errors import UnknownCatalogue
from apps.core.verify import Ask
from apps.gate import ahead, gate
from apps.keys import service
from apps.keys.models import Key
from apps.projects.models import Project
from boltkeys import checks
from tests import make
from tests.access import routes
from tests.access.test_cross_project import API, asked, ids_of
from tests.access.world import FIXED, Side, side
from tests.api import direct
from tests.api.call import call, problem
from tests.dashboard.html import read
from tests.pages import signed_in

pytestmark = pytest.mark.django_db

ORIGINAL = {"X_Original_Method": "GET", "X_Original_URI": "/contacts"}


@pytest.fixture
def here(db: None) -> Side:
    made = side("Here", "boltly", "alice@example.com")
    _forget_catalogue()
    return made


def _forget_catalogue() -> None:
    """As for a server that does not have the file."""
    Project.objects.update(catalogue="shop")
    make.flush_redis()
    gate.current.cache_clear()


def test_verification_is_told_to_come_back(here: Side) -> None:
    for _ in range(3):  # from the database, from Redis, from memory
        for answer in (
            direct.ask("POST", "/v1/verify", here.key),
            direct.ask("POST", "/v1/verify", here.key, body={"resource": "contacts", "action": "read"}),
            direct.ask("GET", "/gate", here.key, **ORIGINAL),
            call("GET", "/v1/me", here.key),
            call("GET", "/v1/me", here.token),
        ):
            assert "BOLTKEYS_CATALOGUES" in problem(answer, 503, "unavailable")["detail"]
            assert answer["Retry-After"]


def test_no_route_of_the_api_fails(here: Side) -> None:
    found = {}
    for route in API:
        for presented in (here.key, here.token):
            answer = asked(route, ids_of(here, route), presented)
            found[route.name, route.method, answer.status_code] = answer.content
    assert [where for where in found if where[2] == 500] == []
    assert {status for _, _, status in found} >= {503}


def test_no_page_fails(here: Side) -> None:
    found = {(name, method): _status(here, method, path) for name, path in _pages(here) for method in ("GET", "POST")}
    assert [where for where, status in found.items() if status == 500] == []
    assert found["keys", "GET"] == found["project", "GET"] == found["my_keys", "GET"] == 503
    assert found["audit", "GET"] == 200  # which needs no catalogue


def _pages(here: Side) -> Iterator[tuple[str, str]]:
    given = {**here.ids, **FIXED}
    for name, arguments in routes.with_arguments().items():
        if arguments <= given.keys() and not name.startswith(("account_", "api_", "(")):
            yield name, reverse(name, kwargs={argument: given[argument] for argument in arguments})


def _status(here: Side, method: str, path: str) -> int:
    browser = signed_in(here.admin)
    browser.raise_request_exception = False
    return browser.generic(method, path).status_code


def test_page_says_what_it_is(here: Side) -> None:
    here.browser.raise_request_exception = False
    response = here.browser.get(reverse("keys", args=[here.project.slug]))
    assert response.status_code == 503 and response["Retry-After"]
    assert "does not know the catalogue shop" in read(response).text


def test_key_can_be_revoked(here: Side) -> None:
    key = Key.objects.get(pk=here.ids["key_id"])
    service.revoke_key(actor=make.TESTER, key=key, reason="leaked")
    key.refresh_from_db()
    assert key.revoked_at


@pytest.mark.skipif(not settings.REDIS_URL, reason="Without Redis nobody asks ahead.")
def test_nothing_is_asked_ahead(here: Side) -> None:
    ask = Ask(resource="contacts")
    for _ in range(2):  # until it is in memory
        with pytest.raises(UnknownCatalogue):
            gate.verify(here.key, ask)
    assert ahead.ask_ahead(here.key, ask) is None


def test_check_names_the_projects(here: Side) -> None:
    (warning,) = checks.catalogues_are_known(None, databases=["default"])
    assert warning.id == "boltkeys.W002" and warning.msg.endswith("does not know: here (shop).")
    assert checks.catalogues_are_known(None, databases=[]) == []
    Project.objects.update(catalogue="boltly")
    assert checks.catalogues_are_known(None, databases=["default"]) == []
