"""The one page that shows a secret."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.test import Client

from apps.core import secret as secrets
from apps.keys.models import Key
from apps.projects.models import Project
from tests.dashboard.html import Element, read
from tests.dashboard.keys.test_create import CREATE, review

pytestmark = pytest.mark.django_db


@pytest.fixture
def response(signed_in: Client) -> object:
    return signed_in.post(CREATE, review(signed_in, scope=["agents:read", "leads:write"]))


@pytest.fixture
def page(response: object) -> Element:
    return read(response)


def test_secret_is_that_of_the_key(page: Element) -> None:
    shown = page.one("code", data_testid="secret").text
    assert secrets.is_well_formed(shown)
    assert secrets.digest(shown) == bytes(Key.objects.get().digest)


def test_no_cache_keeps_the_page(response: dict[str, str]) -> None:
    assert response["Cache-Control"] == "no-store, private"
    assert response["Pragma"] == "no-cache"


def test_reader_is_told_that_it_will_not_be_shown_again(page: Element) -> None:
    assert "This key will not be shown again." in page.text


def test_curl_line_reads_what_the_key_may_read(page: Element, settings: LazySettings) -> None:
    shown = page.one("code", data_testid="secret").text
    assert page.one("code", id="curl").text == f'curl -H "Authorization: Bearer {shown}" {settings.BASE_URL}/v1/agents'


def test_curl_line_of_a_key_that_only_writes_asks_who_it_is(signed_in: Client, settings: LazySettings) -> None:
    page = read(signed_in.post(CREATE, review(signed_in, scope=["leads:write"])))
    assert page.one("code", id="curl").text.endswith(f"{settings.BASE_URL}/v1/me")


def test_both_headers_are_there_to_copy(page: Element) -> None:
    shown = page.one("code", data_testid="secret").text
    assert page.one("code", id="bearer").text == f"Authorization: Bearer {shown}"
    assert page.one("code", id="plain-header").text == f"X-API-Key: {shown}"
    assert [b.text for b in page.all("button") if "data-copy" in b.attributes] == [
        "Copy key", "Copy command", "Copy header", "Copy other header",
    ]  # fmt: skip


def test_all_that_holds_the_secret_is_marked_to_be_wiped(page: Element, response: object) -> None:
    shown = page.one("code", data_testid="secret").text
    marked = [e for e in page.all("code") if "data-secret" in e.attributes]
    assert sum(e.text.count(shown) for e in marked) == response.content.decode().count(shown) == 4  # type: ignore[attr-defined]


def test_secret_is_on_no_other_page(signed_in: Client, page: Element, project: Project) -> None:
    shown = page.one("code", data_testid="secret").text
    key = Key.objects.get()
    for path in ("", "revoked/", "new/", f"{key.id}/", f"{key.id}/revoke/"):
        assert shown not in signed_in.get(f"/projects/acme-calls/api-keys/{path}").content.decode()
