"""The pages about webhooks, without JavaScript."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.projects.models import Project
from apps.webhooks import delivering, rules, service
from apps.webhooks.models import Delivery, Endpoint
from tests import make
from tests.dashboard.html import read
from tests.pages import Answer, signed_in, text
from tests.webhooks import make as hooks
from tests.webhooks.receiver import Receiver, answering

pytestmark = pytest.mark.django_db

PAGES = "/projects/acme-calls/webhooks/"
URL = "https://8.8.8.8/hooks"  # nothing is sent there


@pytest.fixture
def browser(project: Project, alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def endpoint(project: Project) -> Endpoint:
    return hooks.endpoint(project, URL).endpoint


def create(browser: Client, url: str = URL, events: tuple[str, ...] = ("lead.created",), form_id: str = "") -> Answer:
    form_id = form_id or dict(read(browser.get(f"{PAGES}new/")).hidden())["form_id"]
    return browser.post(f"{PAGES}new/", {"url": url, "events": list(events), "form_id": form_id})


def test_the_list_says_what_it_is_for_until_there_is_something(browser: Client) -> None:
    page = read(browser.get(PAGES))
    assert "tells a server of yours about changes" in page.text
    assert [a.text for a in page.all("a", href=f"{PAGES}new/")] == ["Create webhook"]


def test_a_webhook_is_created_and_its_secret_shown_once(browser: Client, project: Project) -> None:
    answer = create(browser, events=("key.revoked", "lead.created"))
    page = read(answer)
    secret = page.one("code", data_testid="secret").text
    assert secret.startswith("whsec_")
    assert answer["Cache-Control"] == "no-store, private"
    endpoint = Endpoint.objects.get()
    assert (endpoint.url, endpoint.events, endpoint.created_by) == (
        URL, ["lead.created", "key.revoked"], "alice@example.com",
    )  # fmt: skip
    for path in (PAGES, f"{PAGES}{endpoint.id}/", f"{PAGES}{endpoint.id}/edit/"):
        assert secret not in text(browser.get(path))
    (row,) = read(browser.get(PAGES)).rows()
    assert (row["URL"], row["Status"], row["Last delivery"]) == (URL, "Active", "None yet")


def test_the_form_that_is_sent_twice_makes_one_and_shows_no_secret_again(browser: Client) -> None:
    form_id = dict(read(browser.get(f"{PAGES}new/")).hidden())["form_id"]
    create(browser, form_id=form_id)
    again = create(browser, form_id=form_id)
    assert again["Location"] == f"{PAGES}{form_id}/"
    assert "created already" in text(browser.get(again["Location"]))
    assert Endpoint.objects.count() == 1


@pytest.mark.parametrize("form_id", ["x", "whk_" + "\x00" * 22, "whk_short"])
def test_a_form_id_that_nobody_gave_counts_for_nothing(browser: Client, form_id: str) -> None:
    create(browser, form_id=form_id)
    assert Endpoint.objects.get().id != form_id


def test_a_form_id_of_another_project_is_refused_in_words(browser: Client) -> None:
    theirs = hooks.endpoint(make.project("Other"), URL).endpoint
    answer = create(browser, url="https://8.8.4.4/", form_id=theirs.id)
    assert (answer.status_code, "There is no webhook with this ID" in text(answer)) == (422, True)
    assert URL not in text(answer)


@pytest.mark.parametrize(
    ("url", "events", "field", "words"),
    [
        ("", ("lead.created",), "url", "Give the URL"),
        ("http://example.com/", ("lead.created",), "url", "https only"),
        ("https://127.0.0.1/", ("lead.created",), "url", "not an address of the public Internet"),
        ("https://a.io/\x00", ("lead.created",), "url", "Null characters"),
        ("x" * 10_000, ("lead.created",), "url", "at most 2000"),
        (URL, (), "events", "Choose at least one event"),
        (URL, ("lead.exploded",), "events", "There is no event"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(
    browser: Client, url: str, events: tuple[str, ...], field: str, words: str
) -> None:
    answer = create(browser, url, events)
    page = read(answer)
    assert answer.status_code == 422
    assert words in page.one("div", id=f"id_{field}_error").text
    assert page.one("input", name="url").attributes.get("value", "") == url.replace("\x00", "\x00")
    if field == "url":
        assert page.one("input", id="id_url").attributes["aria-describedby"].split()[-1] == "id_url_error"
        assert [i.attributes["value"] for i in page.all("input", name="events") if "checked" in i.attributes] == [
            "lead.created"
        ]
    assert not Endpoint.objects.exists()


def test_each_event_is_a_checkbox_with_a_name(browser: Client) -> None:
    page = read(browser.get(f"{PAGES}new/"))
    names = [i.attributes["aria-label"] for i in page.all("input", name="events")]
    assert {"Leads: created", "Leads: updated", "Leads: deleted", "API keys: used after end"} <= set(names)
    assert len(names) == len(set(names))


def test_a_webhook_is_changed(browser: Client, endpoint: Endpoint) -> None:
    path = f"{PAGES}{endpoint.id}/edit/"
    page = read(browser.get(path))
    assert page.one("input", name="url").attributes["value"] == URL
    answer = browser.post(path, {"url": f"{URL}/new", "events": ["key.expired"]}, follow=True)
    assert "The webhook is changed" in text(answer)
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.events) == (f"{URL}/new", ["key.expired"])
    assert browser.post(path, {"url": "", "events": []}).status_code == 422


def test_it_is_disabled_and_enabled(browser: Client, endpoint: Endpoint, project: Project) -> None:
    hooks.lead(project)
    question = read(browser.get(f"{PAGES}{endpoint.id}/disable/")).one("main").text
    assert "What waits already is kept for 3 days" in question
    assert "1 sent, 0 accepted. Now: 1 waiting" in question
    page = read(browser.post(f"{PAGES}{endpoint.id}/disable/", follow=True))
    assert "This webhook is disabled" in page.text
    assert "1 delivery is kept, and goes on when you enable it before" in page.text
    assert "Send test event" not in page.text
    assert [(r["Status"], r["Next attempt"]) for r in page.rows()] == [("Paused", "When enabled")]
    (row,) = read(browser.get(PAGES)).rows()
    assert (row["Status"], row["Last delivery"].split()[0]) == ("Disabled", "Paused")
    delivery = browser.get(f"{PAGES}{endpoint.id}/deliveries/{Delivery.objects.get().id}/")
    assert "goes on when the webhook is enabled" in text(delivery)
    page = read(browser.post(f"{PAGES}{endpoint.id}/enable/", follow=True))
    assert "It gets every event from now on" in page.text
    assert [(r["Status"], r["Next attempt"]) for r in page.rows()] == [("Waiting", "Due now")]


def test_one_that_accepts_nothing_any_more_is_failing(browser: Client, project: Project, receiver: Receiver) -> None:
    receiver.replies = [answering(204), answering(500), answering(503)]
    first = hooks.delivery(project, receiver.url)
    delivering.attempt(first.id)
    (row,) = read(browser.get(PAGES)).rows()
    assert row["Status"] == "Active"
    for _ in range(2):
        hooks.lead(project)
        delivering.attempt(Delivery.objects.filter(attempt_count=0).get().id)
    (row,) = read(browser.get(PAGES)).rows()
    assert row["Status"] == "Failing 2 not accepted"
    page = read(browser.get(f"{PAGES}{first.endpoint_id}/"))
    assert "The last 2 deliveries were not accepted. The latest attempt: HTTP 503." in page.text
    hooks.lead(project)
    delivering.attempt(Delivery.objects.filter(attempt_count=0).get().id)
    (row,) = read(browser.get(PAGES)).rows()
    assert row["Status"] == "Active"
    assert "not accepted" not in text(browser.get(f"{PAGES}{first.endpoint_id}/"))


def test_rotation_asks_and_shows_the_new_secret(browser: Client, endpoint: Endpoint) -> None:
    path = f"{PAGES}{endpoint.id}/rotate/"
    assert "two signatures" in text(browser.get(path))
    answer = browser.post(path)
    assert read(answer).one("code", data_testid="secret").text.startswith("whsec_")
    assert answer["Cache-Control"] == "no-store, private"
    assert "the one before signs as well until" in text(browser.get(f"{PAGES}{endpoint.id}/"))


def test_deletion_says_what_stops(browser: Client, project: Project, receiver: Receiver) -> None:
    delivery = hooks.delivery(project, receiver.url)
    delivering.attempt(delivery.id)
    path = f"{PAGES}{delivery.endpoint_id}/delete/"
    assert "In the last 24 hours: 1 sent, 1 accepted. Now: 0 waiting." in read(browser.get(path)).one("main").text
    assert "The webhook is deleted" in text(browser.post(path, follow=True))
    assert browser.get(f"{PAGES}{delivery.endpoint_id}/").status_code == 404
    assert browser.post(path).status_code == 404


@pytest.mark.parametrize("name", ["rotate", "disable", "delete"])
def test_a_dialog_gets_the_question_alone(browser: Client, endpoint: Endpoint, name: str) -> None:
    answer = browser.get(f"{PAGES}{endpoint.id}/{name}/", headers={"HX-Request": "true"})
    assert read(answer).one("h2", id="dialog-title")
    assert b"<html" not in answer.content
    assert "HX-Request" in answer["Vary"]


def test_a_test_event_leads_to_its_delivery(browser: Client, project: Project, receiver: Receiver) -> None:
    endpoint = hooks.endpoint(project, receiver.url).endpoint
    answer = browser.post(f"{PAGES}{endpoint.id}/test/")
    delivery = Delivery.objects.get()
    assert answer["Location"] == f"{PAGES}{endpoint.id}/deliveries/{delivery.id}/"
    assert "Waiting" in text(browser.get(answer["Location"]))
    receiver.otherwise = answering(500, b"<b>no</b>\x00")
    delivering.attempt(delivery.id)
    page = browser.get(answer["Location"])
    for part in ("webhook.test", "HTTP 500", "&lt;b&gt;no&lt;/b&gt;", "127.0.0.1", "next attempt"):
        assert part in text(page)


def test_a_test_to_where_nothing_may_go_says_so(browser: Client, endpoint: Endpoint) -> None:
    Endpoint.objects.update(url="https://127.0.0.1/")
    answer = browser.post(f"{PAGES}{endpoint.id}/test/", follow=True)
    assert "not an address of the public Internet" in text(answer)
    assert not Delivery.objects.exists()


def test_a_delivery_shows_its_payload_and_is_sent_again(browser: Client, project: Project, receiver: Receiver) -> None:
    delivery = hooks.delivery(project, receiver.url)
    delivering.attempt(delivery.id)
    path = f"{PAGES}{delivery.endpoint_id}/deliveries/{delivery.id}/"
    assert "&quot;type&quot;: &quot;lead.created&quot;" in text(browser.get(path))
    answer = browser.post(f"{path}again/", follow=True)
    assert "It is being sent again" in text(answer)
    delivering.attempt(delivery.id)
    assert receiver.ids() == [delivery.id] * 2
    assert "HTTP 204" in text(browser.get(path))


def test_deliveries_are_listed_and_filtered(browser: Client, project: Project, receiver: Receiver) -> None:
    delivery = hooks.delivery(project, receiver.url)
    delivering.attempt(delivery.id)
    hooks.lead(project)
    path = f"{PAGES}{delivery.endpoint_id}/"
    assert [r["Status"] for r in read(browser.get(path)).rows()] == ["Waiting", "Delivered"]
    assert [r["Status"] for r in read(browser.get(f"{path}?status=delivered")).rows()] == ["Delivered"]
    assert "is in this state" in text(browser.get(f"{path}?status=failed"))
    assert len(read(browser.get(f"{path}?status=%00&page=x")).rows()) == 2


def test_gone_is_explained(browser: Client, project: Project, receiver: Receiver) -> None:
    receiver.otherwise = answering(410)
    delivering.attempt(hooks.delivery(project, receiver.url).id)
    (row,) = read(browser.get(PAGES)).rows()
    assert row["Status"] == "Gone"
    assert "It asked for no more deliveries" in text(browser.get(f"{PAGES}{Endpoint.objects.get().id}/"))


def test_the_list_costs_as_many_queries_for_many_as_for_few(
    browser: Client, project: Project, django_assert_max_num_queries: Any
) -> None:
    for n in range(20):
        hooks.endpoint(project, f"{URL}/{n}")
    hooks.lead(project)
    with django_assert_max_num_queries(6):
        assert len(read(browser.get(PAGES)).rows()) == 20


def test_a_page_of_deliveries_costs_as_many_queries_for_many_as_for_few(
    browser: Client, project: Project, endpoint: Endpoint, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        hooks.lead(project)
    with django_assert_max_num_queries(8):
        assert len(read(browser.get(f"{PAGES}{endpoint.id}/")).rows()) == 25


def test_webhooks_and_deliveries_of_another_project_are_not_found(browser: Client, endpoint: Endpoint) -> None:
    other = make.project("Other")
    theirs = hooks.endpoint(other, URL).endpoint
    hooks.lead(other)
    delivery = Delivery.objects.get(endpoint=theirs)
    rests = ("", "edit/", "enable/", "disable/", "delete/", "rotate/", "test/", f"deliveries/{delivery.id}/")
    for rest in (*rests, f"deliveries/{delivery.id}/again/"):
        for method in (browser.get, browser.post):
            if rest in ("", f"deliveries/{delivery.id}/") and method == browser.post:
                continue
            assert method(f"{PAGES}{theirs.id}/{rest}", {"url": URL}).status_code == 404, rest
    for rest in ("", "again/"):
        assert browser.get(f"{PAGES}{endpoint.id}/deliveries/{delivery.id}/{rest}").status_code == 404
    theirs.refresh_from_db()
    assert (theirs.deleted_at, theirs.status) == (None, "active")


@pytest.mark.parametrize("odd", ["whk_short", "whk_" + "x" * 23, "whk_%00", "msg_" + "x" * 22, "..", "%ff"])
def test_odd_ids_are_not_found(browser: Client, endpoint: Endpoint, odd: str) -> None:
    assert browser.get(f"{PAGES}{odd}/").status_code == 404
    assert browser.get(f"{PAGES}{endpoint.id}/deliveries/{odd}/").status_code == 404


def test_what_was_deleted_between_page_and_act_is_not_found(
    browser: Client, project: Project, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = rules.clean_events

    def deleted_meanwhile(*args: Any) -> Any:
        service.delete_endpoint(actor=make.TESTER, project_id=project.id, endpoint_id=endpoint.id)
        return judge(*args)

    monkeypatch.setattr(rules, "clean_events", deleted_meanwhile)
    answer = browser.post(f"{PAGES}{endpoint.id}/edit/", {"url": URL, "events": ["lead.created"]})
    assert answer.status_code == 404


def test_changes_need_the_token_of_the_form(alice: User, endpoint: Endpoint) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    for rest in ("new/", *(f"{endpoint.id}/{r}/" for r in ("edit", "enable", "disable", "delete", "rotate", "test"))):
        assert strict.post(f"{PAGES}{rest}", {"url": URL, "events": ["lead.created"]}).status_code == 403
    endpoint.refresh_from_db()
    assert (endpoint.deleted_at, endpoint.old_secret) == (None, "")


def test_the_audit_tells_what_was_done(browser: Client, project: Project, endpoint: Endpoint) -> None:
    service.rotate_secret(actor=make.TESTER, project_id=project.id, endpoint_id=endpoint.id)
    page = text(browser.get("/projects/acme-calls/audit/?subject=webhook"))
    assert "created the webhook to" in page
    assert "rotated the secret of the webhook to" in page


def test_a_delivery_that_is_tried_hours_from_now_does_not_look_for_news(
    browser: Client, project: Project, endpoint: Endpoint
) -> None:
    hooks.lead(project)
    delivery = Delivery.objects.get()
    path = f"{PAGES}{endpoint.id}/deliveries/{delivery.id}/"
    assert b"data-hx-trigger" in browser.get(path).content
    Delivery.objects.update(next_attempt_at=timezone.now() + timedelta(hours=2))
    assert b"data-hx-trigger" not in browser.get(path).content
