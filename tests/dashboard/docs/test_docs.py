"""/docs: public, complete, and about the catalogue that the reader means."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core import problems, values
from apps.core.catalogue import Catalogue
from apps.dashboard.docs import examples
from apps.projects import catalogues
from apps.webhooks import events
from tests import make
from tests.dashboard.html import Element, read

CATALOGUES = sorted(catalogues.load())


def page(client: Client, query: str = "") -> Element:
    return read(client.get(f"/docs{query}"))


@pytest.fixture
def shown(client: Client, db: None) -> Element:
    return page(client)


def test_every_code_of_a_problem_has_its_anchor_with_cause_and_cure(shown: Element) -> None:
    explained = {
        entry.attributes["id"]: entry.text
        for part in shown.all("dl", class_="bk-problems")
        for entry in part.all("div")
    }
    assert set(explained) == set(problems.KINDS)
    for code, kind in problems.KINDS.items():
        assert kind.cause in explained[code] and kind.cure in explained[code]


def test_every_link_within_the_page_leads_somewhere(client: Client, shown: Element) -> None:
    ids = re.findall(r' id="([^"]*)"', client.get("/docs").content.decode())
    assert len(ids) == len(set(ids))
    targets = {a.attributes["href"][1:] for a in shown.all("a") if a.attributes["href"].startswith("#")}
    assert targets <= set(ids)
    contents = [a.attributes["href"][1:] for a in shown.one("nav", aria_label="On this page").all("a")]
    assert [h2.attributes["id"] for h2 in shown.all("h2")] == contents[:-1]  # the last one is the OpenAPI document


@pytest.mark.parametrize("query", ["", "?catalogue=voice&a=%2F%2Fb"])
def test_slash_at_the_end_leads_to_the_page_with_the_query_kept(client: Client, query: str) -> None:
    answer = client.get(f"/docs/{query}")
    assert (answer.status_code, answer["Location"]) == (301, f"/docs{query}")


@pytest.mark.parametrize("slug", CATALOGUES)
def test_catalogue_is_listed_with_all_its_scopes(client: Client, db: None, slug: str) -> None:
    catalogue = catalogues.get(slug)
    shown = page(client, f"?catalogue={slug}")
    tables = [table for table in shown.all("table") if "It allows to" in table.text]
    rows = [row for table in tables for row in table.all("tr")]
    listed = [row.all("td")[0].text for row in rows if row.all("td")]
    assert sorted(listed) == sorted(catalogue.scopes)
    assert shown.one("h1").text == f"{catalogue.label} API"
    assert shown.one("nav", aria_label="Products").one("a", aria_current="page").text == catalogue.label


@pytest.mark.parametrize("slug", CATALOGUES)
def test_example_body_is_valid(slug: str) -> None:
    resource = examples.resource_of(catalogues.get(slug))
    body = examples.sample(resource)
    cleaned = values.clean(resource.fields, body, partial=False)
    assert cleaned.values == body and not cleaned.ignored


def test_apostrophe_in_an_example_does_not_end_the_quotes_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = catalogues.get("boltcall")
    resource = examples.resource_of(catalogue)
    monkeypatch.setitem(examples._TEXTS, "name", "Maya O'Hara")
    curl = examples.of(catalogue, resource, "http://x")["create"].snippets[0].code
    assert r"Maya O'\''Hara" in curl


def test_unknown_catalogue_is_said_to_be_unknown(client: Client, db: None) -> None:
    answer = client.get("/docs?catalogue=nope%00")
    assert answer.status_code == 404
    assert "There is no such catalogue here." in read(answer).one("main").text


def test_who_has_signed_in_reads_about_their_own_project(client: Client, alice: User) -> None:
    make.project("Acme Voice", catalogue="voice", administrator=alice)
    assert page(client).one("h1").text == "Boltcall API"
    client.force_login(alice)
    shown = page(client)
    assert shown.one("h1").text == "Voice API"
    assert shown.one("header").all("a")[-1].text == "Dashboard"
    assert "delete" in shown.text.lower()


def test_page_says_what_holds_in_the_catalogue(client: Client, db: None) -> None:
    texts = {slug: page(client, f"?catalogue={slug}").one("main").text for slug in CATALOGUES}
    assert all(("writing does not include reading" in texts[slug]) != _includes(slug) for slug in CATALOGUES)
    assert all(("unrestricted: it can" in text) == catalogues.get(slug).unrestricted for slug, text in texts.items())
    assert (
        "can be changed in each project" in texts["bolten"] and "can be changed in each project" not in texts["voice"]
    )
    assert "No key of this catalogue is let in" in texts["boltcall"] and "tokens" in texts["boltly"]


def test_operations_are_told_of_where_there_are_any(client: Client, db: None) -> None:
    boltly, others = page(client, "?catalogue=boltly"), [page(client, f"?catalogue={slug}") for slug in WITHOUT]
    assert not any("boltkeys itself sends no messages" in each.text for each in others)
    assert "boltkeys itself sends no messages" in boltly.one("main").text
    told = boltly.one("div", aria_label="Steps of broadcasts").all("tbody")
    assert [body.all("code")[0].text for body in told] == ["schedule", "unschedule", "send", "retry", "report"]
    assert "POST /v1/broadcasts/{id}/operation" in boltly.one("main").text
    ways = [" ".join(cell.text.split()) for row in told[-1].all("tr") for cell in row.all("td")[:2]]
    assert ways == [
        "sending →to sending", "broadcast.updated",
        "sending →to sent", "broadcast.sent",
        "sent →to sent", "broadcast.updated",
        "sending →to failed", "broadcast.failed",
    ]  # fmt: skip
    edit = boltly.one("div", aria_label="Steps of templates").all("tbody")[-1].text
    assert "PATCH" in edit and "template.drafted" in edit and "approved, rejected" in edit
    listed = {code.text for code in boltly.one("div", aria_label="Operations without a status").all("code")}
    assert {"PUT /v1/contacts/{id}/tags/{tag}", "contact.tagged", "template.sync_requested"} <= listed


@pytest.mark.parametrize("slug", CATALOGUES)
def test_events_are_those_that_can_be_subscribed_to(client: Client, db: None, slug: str) -> None:
    listed = {code.text for code in page(client, f"?catalogue={slug}").one("main").all("dt")}
    assert {*events.names(catalogues.get(slug))} <= listed
    assert "opportunity.deleted" not in listed and "broadcast.deleted" not in listed


WITHOUT = ("boltcall", "bolten", "voice")


def _includes(slug: str) -> bool:
    catalogue: Catalogue = catalogues.get(slug)
    return any(len(catalogue.implied(scope)) > 1 for scope in catalogue.scopes)


def test_page_is_led_to_from_sign_in_and_from_keys(client: Client, alice: User) -> None:
    assert read(client.get("/accounts/login/")).one("a", href="/docs").text == "API documentation"
    make.project("Acme Voice", catalogue="voice", administrator=alice)
    client.force_login(alice)
    links = read(client.get("/projects/acme-voice/api-keys/")).all("a", href="/docs?catalogue=voice")
    assert len(links) >= 2  # navigation, and good practice
