"""Keys of one's own: the button, the name, the secret once, the trash icon; and the partner area."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core import secret as secrets
from apps.core.actor import OPERATOR
from apps.core.verify import Ask
from apps.gate import gate
from apps.keys import service as keys
from apps.keys.models import Key
from apps.projects import service
from apps.projects.models import Membership, Project
from tests import make
from tests.dashboard.html import Element, read
from tests.pages import Answer, signed_in, text

pytestmark = pytest.mark.django_db

PAGE = "/account/api-keys/"
PARTNER = "/partner/"
GENERATE = f"{PAGE}generate/"


def grant(project: Project, user: User, *scopes: str) -> None:
    membership = Membership.objects.get(project=project, user=user)
    service.set_grants(actor=OPERATOR, membership=membership, grants=scopes)


def generate(client: Client, name: str = "BI export", **more: Any) -> Answer:
    form_id = dict(read(client.get(PAGE)).hidden())["form_id"]
    return client.post(GENERATE, {"name": name, "form_id": form_id, **more})


def shown(answer: Answer) -> str:
    return read(answer).one("code", data_testid="secret").text


def code(secret: str, resource: str, project: Project, action: str = "read") -> str:
    return gate.verify(secret, Ask(resource, action=action, project=project.slug)).code


def rows(page: Element) -> list[dict[str, str]]:
    return page.one("section", aria_labelledby="keys").rows()


def names(page: Element) -> list[str]:
    return [row["Name"] for row in rows(page)]


# --- Made


def test_button_asks_for_the_name_without_javascript_too(project: Project, bob: User) -> None:
    client = signed_in(bob)
    page = read(client.get(PAGE))
    assert page.one("button", data_opens="new").text == "+ API Key"
    assert "hidden" in page.one("section", id="new").attributes
    opened = read(client.get(PAGE, {"new": "1"})).one("section", id="new")
    assert "hidden" not in opened.attributes
    assert opened.one("label", for_="id_name").text == "Name"
    assert [b.text for b in opened.all("button")] == ["Generate"]


def test_key_belongs_to_the_user_and_does_what_the_user_may(project: Project, bob: User) -> None:
    grant(project, bob, "leads:read")
    secret = shown(generate(signed_in(bob)))
    key = Key.objects.get()
    assert (key.owner, key.project, key.unrestricted, key.name) == (bob, None, True, "BI export")
    assert secrets.digest(secret) == bytes(key.digest)
    assert code(secret, "leads", project) == "ok"
    assert code(secret, "leads", project, "write") == "missing_scope"
    grant(project, bob)
    assert code(secret, "leads", project) == "missing_scope"
    event = Event.objects.get(type="key.created")
    assert (event.actor_label, event.data["owner"]) == ("bob@example.com", "bob@example.com")


def test_key_can_be_restricted_further(project: Project, bob: User) -> None:
    grant(project, bob, "leads:read", "leads:write", "calls:read")
    secret = shown(generate(signed_in(bob), scope=["leads:read", "calls:read"]))
    assert Key.objects.get().scopes == ["calls:read", "leads:read"]
    assert code(secret, "leads", project) == "ok"
    assert code(secret, "leads", project, "write") == "missing_scope"
    grant(project, bob, "leads:read")
    assert code(secret, "calls", project) == "missing_scope"


def test_only_what_the_user_may_do_is_offered(project: Project, bob: User) -> None:
    grant(project, bob, "leads:read", "calls:write")
    page = read(signed_in(bob).get(PAGE))
    assert [b.attributes["aria-label"] for b in page.all("input", name_="scope")] == ["Calls: Write", "Leads: Read"]


def test_what_is_not_offered_is_refused_beside_the_table(project: Project, bob: User) -> None:
    grant(project, bob, "leads:read")
    for odd in ("leads:write", "nothing", "x" * 5000):
        answer = generate(signed_in(bob), scope=["leads:read", odd])
        assert answer.status_code == 422
        page = read(answer)
        assert "is nothing that you could give to a key" in page.alerts()[0]
        assert "open" in page.one("details", class_="bk-narrower").attributes
    assert not Key.objects.exists()


def test_resources_of_several_projects_stand_once(project: Project, alice: User) -> None:
    make.project("Sales", catalogue="bolten", administrator=alice)
    make.project("More calls", administrator=alice)
    boxes = read(signed_in(alice).get(PAGE)).all("input", name_="scope")
    labels = [box.attributes["aria-label"] for box in boxes]
    assert {"Opportunities: Write", "Contacts: Read", "Leads: Read"} <= set(labels)
    assert len(labels) == len(set(labels)) == len({box.attributes["value"] for box in boxes})


def test_somebody_without_a_project_can_have_a_key_that_does_nothing_yet(bob: User, alice: User) -> None:
    client = signed_in(bob)
    assert "You may do nothing by the API yet." in text(client.get(PAGE))
    secret = shown(generate(client))
    later = make.project("Later", administrator=alice)
    assert code(secret, "leads", later) == "unknown_project"
    service.add_member(actor=OPERATOR, project=later, user=bob, role="partner", grants=["leads:read"])
    assert code(secret, "leads", later) == "ok"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "Give the key a name."),
        ("   ", "name"),
        ("x" * 81, "80"),
        ("two\nlines", "control characters"),
        ("a\x00b", "Null characters"),
        ("Taken", "An active key has this name already."),
    ],
)
def test_what_is_wrong_with_the_name_is_said_beside_it_and_kept(
    project: Project, bob: User, name: str, said: str
) -> None:
    make.key(None, "Taken", owner=bob)
    answer = generate(signed_in(bob), name)
    assert answer.status_code == 422
    page = read(answer)
    assert said in page.alerts()[0]
    assert page.one("input", id="id_name").attributes["aria-invalid"] == "true"
    assert "hidden" not in page.one("section", id="new").attributes
    assert not page.all("code", data_testid="secret")
    assert Key.objects.count() == 1


def test_names_are_taken_by_keys_of_the_same_owner_only(project: Project, alice: User, bob: User) -> None:
    make.key(None, "BI export", owner=alice)
    assert generate(signed_in(bob)).status_code == 200


def test_name_of_html_is_shown_as_it_is(project: Project, bob: User) -> None:
    client = signed_in(bob)
    generate(client, "<script>alert(1)</script>")
    page = client.get(PAGE).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


# --- Shown once


def test_secret_is_shown_once_and_kept_by_no_cache(project: Project, bob: User) -> None:
    client = signed_in(bob)
    answer = generate(client)
    secret = shown(answer)
    assert answer["Cache-Control"] == "no-store, private"
    page = read(answer)
    marked = [e for e in page.all("code") if "data-secret" in e.attributes]
    assert sum(e.text.count(secret) for e in marked) == answer.content.decode().count(secret) == 2
    assert "data-copy-on-click" in page.one("code", id="secret").attributes
    assert page.one("section", data_list=PAGE, data_key=PAGE).one("a", data_done="").attributes["href"] == PAGE
    for path in (PAGE, f"{PAGE}{Key.objects.get().id}/delete/"):
        assert secret not in client.get(path).content.decode()


def test_sending_the_form_again_makes_no_second_key(project: Project, bob: User) -> None:
    client = signed_in(bob)
    form_id = dict(read(client.get(PAGE)).hidden())["form_id"]
    client.post(GENERATE, {"name": "BI export", "form_id": form_id})
    again = client.post(GENERATE, {"name": "BI export", "form_id": form_id})
    assert again["Location"] == PAGE
    assert "This key was made already" in text(client.get(PAGE))
    assert Key.objects.count() == 1


def test_reload_after_signing_in_again_leads_to_the_form(project: Project, bob: User) -> None:
    assert signed_in(bob).get(GENERATE)["Location"] == f"{PAGE}?new=1"


# --- Listed and deleted


def test_list_has_the_active_keys_of_the_reader(project: Project, alice: User, bob: User) -> None:
    make.key(None, "Alice's", owner=alice)
    make.key(project, "Of the project")
    make.key(project, "Bound", owner=bob, scopes=["leads:read"])
    for name in ("Gone", "Stopped", "Here"):
        made = make.key(None, name, owner=bob)
        if name == "Gone":
            keys.delete_key(actor=OPERATOR, key=made)
        if name == "Stopped":
            keys.revoke_key(actor=OPERATOR, key=made, reason="leaked")
    make.expire(make.key(None, "Past", owner=bob, expires_at=timezone.now() + timedelta(days=1)))
    page = read(signed_in(bob).get(PAGE))
    assert names(page) == ["Here", "Bound only in Acme Calls"]
    listed = rows(page)
    assert [row["Permissions"] for row in listed] == ["All that you can", "Restricted leads:read"]
    assert listed[0]["Key"] == Key.objects.get(name="Here").mask


def test_deleting_is_asked_and_ends_the_key_at_once(project: Project, bob: User) -> None:
    grant(project, bob, "leads:read")
    client = signed_in(bob)
    secret = shown(generate(client))
    assert code(secret, "leads", project) == "ok"
    key = Key.objects.get()
    row = read(client.get(PAGE))
    form = row.one("form", action=f"{PAGE}{key.id}/delete/")
    assert form.one("button").attributes["aria-label"] == "Delete BI export"
    question = text(client.get(f"{PAGE}{key.id}/delete/"))
    assert "Delete “BI export”?" in question
    assert "1 request in the last 24 hours" in question
    assert code(secret, "leads", project) == "ok"  # asking ends nothing
    assert client.post(f"{PAGE}{key.id}/delete/")["Location"] == PAGE
    assert code(secret, "leads", project) == "deleted"
    assert "“BI export” is deleted." in text(client.get(PAGE))
    assert not read(client.get(PAGE)).all("table", class_="bk-table bk-key-table")
    assert Event.objects.get(type="key.deleted").actor_label == "bob@example.com"
    assert client.post(f"{PAGE}{key.id}/delete/").status_code == 302  # a double click
    assert Event.objects.filter(type="key.deleted").count() == 1


def test_question_comes_as_a_fragment_for_the_dialog(project: Project, bob: User) -> None:
    key = make.key(None, owner=bob)
    answer = signed_in(bob).get(f"{PAGE}{key.id}/delete/", headers={"HX-Request": "true"})
    assert "<html" not in answer.content.decode()
    assert read(answer).one("h2", id="dialog-title").text == "Delete “Website”?"
    assert "HX-Request" in answer["Vary"]


@pytest.mark.parametrize("who", ["alice", "carol", "mallory"])
def test_nobody_sees_or_deletes_the_keys_of_others(
    project: Project, alice: User, bob: User, carol: User, mallory: User, who: str
) -> None:
    key = make.key(None, "Bob's own", owner=bob)
    client = signed_in({"alice": alice, "carol": carol, "mallory": mallory}[who])
    for path in (PAGE, PARTNER):
        assert "Bob's own" not in read(client.get(path)).text
    unknown = client.post(f"{PAGE}key_{'x' * 22}/delete/")
    for ask in (client.get, client.post):
        answer = ask(f"{PAGE}{key.id}/delete/")
        assert (answer.status_code, answer.content) == (404, unknown.content)
    key.refresh_from_db()
    assert key.deleted_at is None


def test_administrator_cannot_delete_keys_of_the_project_here(project: Project, alice: User) -> None:
    key = make.key(project)
    assert signed_in(alice).post(f"{PAGE}{key.id}/delete/").status_code == 404


@pytest.mark.parametrize("odd", ["key_short", "key_" + "x" * 23, "key_%00", "..", "%ff"])
def test_odd_ids_are_not_found(bob: User, odd: str) -> None:
    assert signed_in(bob).post(f"{PAGE}{odd}/delete/").status_code == 404


def test_changes_need_the_token_of_the_form(bob: User) -> None:
    key = make.key(None, owner=bob)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(bob)
    assert strict.post(GENERATE, {"name": "x"}).status_code == 403
    assert strict.post(f"{PAGE}{key.id}/delete/").status_code == 403
    assert Key.objects.get().deleted_at is None


@pytest.mark.parametrize("path", [PAGE, PARTNER, GENERATE, f"{PAGE}key_{'x' * 22}/delete/"])
def test_whoever_has_not_signed_in_is_asked_to(client: Client, db: None, path: str) -> None:
    for ask in (client.get, client.post):
        if ask == client.get or path not in (PAGE, PARTNER):
            assert "/accounts/login/" in ask(path)["Location"]


def test_disabled_user_makes_nothing(project: Project, bob: User) -> None:
    client = signed_in(bob)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert "/accounts/login/" in client.post(GENERATE, {"name": "x"})["Location"]
    assert not Key.objects.exists()


def test_long_list_is_paged_and_costs_as_many_queries_as_a_short_one(
    project: Project, bob: User, django_assert_max_num_queries: Any
) -> None:
    for n in range(55):
        make.key(None, f"Key {n}", owner=bob)
        if n < 5:
            make.member(make.project(f"Project {n}"), bob, "member", ("leads:read",))
    client = signed_in(bob)
    with django_assert_max_num_queries(11):
        first = read(client.get(PAGE))
    assert (len(rows(first)), len(rows(read(client.get(PAGE, {"page": "2"}))))) == (50, 5)
    assert len(rows(read(client.get(PAGE, {"page": "odd"})))) == 50


def test_last_changes_of_the_readers_keys_are_told(project: Project, alice: User, bob: User) -> None:
    """These keys belong to no project, so that no project's audit has them."""
    assert not read(signed_in(bob).get(PAGE)).all("ol", class_="bk-history")
    made = make.key(None, "BI export", owner=bob)
    make.key(None, "Alice's", owner=alice)
    make.key(project, "Of the project")
    keys.revoke_key(actor=OPERATOR, key=made, reason="leaked")
    keys.delete_key(actor=OPERATOR, key=made)
    for page in (PAGE, "/partner/"):
        told = [line.text for line in read(signed_in(bob).get(page)).one("ol", class_="bk-history").all("li")]
        assert [line.split(":")[0] for line in told] == ["Deleted", "Revoked", "Created"]
        assert all("BI export" in line for line in told) and "Leaked" in told[1]
        assert "by tester@example.com from 192.0.2.1" in told[2]


# --- Where keys reach


def projects(page: Element) -> list[str]:
    return [h.text for h in page.all("h3", class_="bk-project-name")]


def test_page_says_where_keys_reach_and_what_they_may_do_there(project: Project, bob: User) -> None:
    grant(project, bob, "leads:read")
    make.project("Second", administrator=bob)
    page = read(signed_in(bob).get(PAGE))
    assert projects(page) == ["Acme Calls", "Second"]
    assert [d.text for d in page.all("dd")] == ["acme-calls", "Leads: read", "second", "do everything"]


def test_what_writing_includes_is_said(alice: User, bob: User) -> None:
    made = make.project("Voice", catalogue="voice", administrator=alice)
    make.member(made, bob, "member", ("calls:write",))
    page = read(signed_in(bob).get(PAGE))
    assert "Calls: read and write" in [li.text for li in page.all("li")]
    assert [b.attributes["value"] for b in page.all("input", name_="scope")] == ["calls:read", "calls:write"]


def test_partner_area_has_all_client_projects_and_no_others(project: Project, carol: User, mallory: User) -> None:
    second = make.project("Beta Sales", catalogue="bolten")
    make.member(second, carol, "partner", ("opportunities:read",))
    make.member(make.project("Own company"), carol, "member")
    make.project("Somebody else's")
    page = read(signed_in(carol).get(PARTNER))
    assert projects(page) == ["Acme Calls", "Beta Sales"]
    assert "Opportunities: read" in page.text
    assert "Somebody else" not in page.text
    assert projects(read(signed_in(mallory).get(PARTNER))) == []


def test_client_project_leaves_the_area_with_the_membership(project: Project, carol: User) -> None:
    client = signed_in(carol)
    service.remove_member(actor=OPERATOR, membership=Membership.objects.get(project=project, user=carol))
    page = read(client.get(PARTNER))
    assert projects(page) == []
    assert "You are partner in no project" in page.text


def test_partner_makes_and_deletes_keys_in_the_area(project: Project, carol: User) -> None:
    grant(project, carol, "leads:read")
    client = signed_in(carol)
    assert ("area", "partner") in read(client.get(PARTNER)).hidden()
    answer = generate(client, area="partner")
    assert code(shown(answer), "leads", project) == "ok"
    page = read(answer)
    assert page.one("h1").text == "Partner area"
    assert page.one("a", data_done="").attributes["href"] == PARTNER
    assert names(read(client.get(PARTNER))) == ["BI export"]
    path = f"{PAGE}{Key.objects.get().id}/delete/"
    assert ("area", "partner") in read(client.get(path, {"area": "partner"})).hidden()
    assert client.post(path, {"area": "partner"})["Location"] == PARTNER
    assert client.post(path, {"area": "https://evil.example/"})["Location"] == PAGE


def test_partner_area_stands_in_the_navigation_of_partners_only(project: Project, bob: User, carol: User) -> None:
    links = [
        [a.text for a in read(signed_in(user).get(PAGE)).one("nav", id="navigation").all("a", class_="bk-nav-link")]
        for user in (bob, carol)
    ]
    assert links == [["Overview", "Team", "My keys"], ["Overview", "My keys", "Partner area"]]
