"""/v1/developer-access/members: the people of a project, by an administrator's access token or by a key that may."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django_tasks_db.models import DBTaskResult

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actor import OPERATOR, Actor
from apps.core.errors import Refused
from apps.keys import ceiling
from apps.keys import service as keys
from apps.projects import invitations, queries, service
from apps.projects.models import Invitation, Membership, Project
from tests import make
from tests.api.call import call, data, pointers, problem, secret_for
from tests.api.people import access_of

pytestmark = pytest.mark.django_db
PEOPLE = "/v1/developer-access/members"
SHAPE = {
    "id", "user_id", "email", "name", "role", "grants", "status", "created_at", "invited_by", "expires_at",
}  # fmt: skip


@pytest.fixture
def voice(alice: User, bob: User, carol: User) -> Project:
    made = make.project("Voice", catalogue="voice", administrator=alice)
    make.member(made, bob, "member", ("calls:read",))
    make.member(made, carol, "partner")
    return made


@pytest.fixture
def key(voice: Project) -> str:
    return secret_for(voice, "members:write", "calls:read", name="People")


@pytest.fixture(params=["administrator", "key"])
def who(request: pytest.FixtureRequest, voice: Project, alice: User, key: str) -> str:
    """The bearer of each kind that may manage the people of the project."""
    return access_of(alice) if request.param == "administrator" else key


def of(project: Project, user: User) -> str:
    return f"{PEOPLE}/{Membership.objects.get(project=project, user=user).id}"


def invite(who: str, email: str = "dora@example.com", role: str = "member", **more: Any) -> HttpResponse:
    headers = {"Idempotency_Key": more.pop("again")} if "again" in more else {}
    return call("POST", PEOPLE, who, body={"email": email, "role": role, **more}, **headers)


def role_of(project: Project, user: User) -> str:
    return Membership.objects.get(project=project, user=user).role


def test_members_are_listed_the_newest_first_with_what_they_may_do(who: str, voice: Project, bob: User) -> None:
    listed = data(call("GET", PEOPLE, who))
    assert [(m["email"], m["role"], m["grants"]) for m in listed["data"]] == [
        ("carol@example.com", "partner", []),
        ("bob@example.com", "member", ["calls:read"]),
        ("alice@example.com", "administrator", []),
    ]
    assert listed["next_cursor"] is None
    one = data(call("GET", of(voice, bob), who))
    assert one == listed["data"][1] and set(one) == SHAPE
    assert (one["user_id"], one["status"], one["invited_by"]) == (str(bob.pk), "active", None)


def test_pages_meet_everybody_once(who: str, voice: Project) -> None:
    for number in range(5):
        invite(who, f"guest{number}@example.com")
    for status in ("", "&status=invited", "&status=active"):
        met, path = [], f"{PEOPLE}?limit=2{status}"
        while path:
            page = data(call("GET", path, who))
            met += [m["email"] for m in page["data"]]
            path = f"{PEOPLE}?limit=2{status}&cursor={page['next_cursor']}" if page["next_cursor"] else ""
        assert (len(met), len(set(met))) == ((5, 5) if "invited" in status else (3, 3))


def test_list_can_be_narrowed_to_a_status(who: str, voice: Project, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    invite(who)
    for status, expected in (
        ("active", ["carol@example.com", "alice@example.com"]),
        ("disabled", ["bob@example.com"]),
        ("invited", ["dora@example.com"]),
    ):
        assert [m["email"] for m in data(call("GET", f"{PEOPLE}?status={status}", who))["data"]] == expected
    assert pointers(call("GET", f"{PEOPLE}?status=gone", who)) == {"?status": "choice"}
    assert pointers(call("GET", f"{PEOPLE}?order=updated_at", who)) == {"?order": "choice"}


def test_invitation_is_sent_and_becomes_a_member_with_what_it_said(who: str, voice: Project) -> None:
    answer = invite(who, " Dora@Example.com ", grants=["calls:read"])
    made = data(answer)
    assert (answer.status_code, answer["Location"]) == (201, f"{PEOPLE}/{made['id']}")
    assert set(made) == SHAPE and data(call("GET", f"{PEOPLE}/{made['id']}", who)) == made
    assert (made["email"], made["role"], made["grants"]) == ("dora@example.com", "member", ["calls:read"])
    assert (made["status"], made["user_id"]) == ("invited", None) and made["expires_at"] > made["created_at"]
    assert DBTaskResult.objects.count() == 1, "one mail is queued"
    event = Event.objects.get(type="invitation.sent")
    assert (event.target_id, event.data) == (made["id"], {"role": "member", "again": False, "grants": ["calls:read"]})
    dora = make.user("dora@example.com")
    joined = invitations.accept(actor=make.TESTER, invitation=Invitation.objects.get(pk=made["id"]), user=dora)
    assert (joined.role, queries.scopes_of(joined)) == ("member", ("calls:read",))
    problem(call("GET", f"{PEOPLE}/{made['id']}", who), 404, "not_found")
    assert data(call("GET", of(voice, dora), who))["grants"] == ["calls:read"]


def test_inviting_again_changes_the_invitation(who: str, voice: Project) -> None:
    first, second = data(invite(who, grants=["calls:read"])), data(invite(who, role="partner"))
    assert (second["id"], second["role"], second["grants"]) == (first["id"], "partner", [])
    assert Invitation.objects.count() == 1 and DBTaskResult.objects.count() == 2


def test_invitation_that_is_sent_twice_for_one_idempotency_key_is_one(who: str, voice: Project) -> None:
    first, second = (invite(who, again="once") for _ in range(2))
    assert data(first) == data(second) and second["Idempotency-Replayed"] == "true"
    assert (Invitation.objects.count(), DBTaskResult.objects.count()) == (1, 1)
    problem(invite(who, "eve@example.com", again="once"), 422, "idempotency_reused")


def test_work_that_was_cut_off_after_the_invitation_sends_no_second_mail(voice: Project) -> None:
    for _ in range(2):
        made = invitations.invite(
            actor=OPERATOR, project=voice, email="d@example.com", role="member", invitation_id="inv_" + "x" * 22
        )
        assert made.id == "inv_" + "x" * 22
    assert DBTaskResult.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, {"/email": "required", "/role": "required"}),
        ({"email": "dora@example.com"}, {"/role": "required"}),
        ({"email": "dora", "role": "member"}, {"/email": "format"}),
        ({"email": "a\u0000@example.com", "role": "member"}, {"/email": "text"}),
        ({"email": "dora@example.com", "role": "owner"}, {"/role": "choice"}),
        ({"email": 1, "role": [], "grants": "calls:read"}, {"/email": "type", "/role": "type", "/grants": "type"}),
        ({"email": "dora@example.com", "role": "member", "grants": ["leads:read"]}, {"/grants/0": "unknown_scope"}),
        ({"email": "dora@example.com", "role": "member", "grants": ["*"]}, {"/grants/0": "unknown_scope"}),
    ],
)
def test_each_fault_of_an_invitation_is_named(who: str, sent: dict[str, Any], expected: dict[str, str]) -> None:
    assert pointers(call("POST", PEOPLE, who, body=sent)) == expected
    assert not Invitation.objects.exists()


def test_what_means_nothing_is_ignored_or_refused(who: str, voice: Project, bob: User) -> None:
    answer = invite(who, status="active", user_id="1", project_id="prj_x")
    assert answer["Boltkeys-Ignored-Fields"] == "status, user_id, project_id" and data(answer)["status"] == "invited"
    path = of(voice, bob)
    answer = call("PATCH", path, who, body={"email": "eve@example.com", "Role": "partner"})
    assert answer["Boltkeys-Ignored-Fields"] == "email, Role"
    assert (data(answer)["email"], data(answer)["role"]) == ("bob@example.com", "member")
    assert pointers(call("PATCH", path, who, body={"Role": "partner"}, Prefer="handling=strict")) == {
        "/Role": "unknown_field"
    }


def test_role_and_grants_change_in_one_step_and_one_event(who: str, voice: Project, bob: User) -> None:
    path = of(voice, bob)
    changed = data(call("PATCH", path, who, body={"role": "partner", "grants": []}))
    assert (changed["role"], changed["grants"]) == ("partner", [])
    assert data(call("GET", path, who)) == changed
    event = Event.objects.get(type="member.changed")
    assert event.data == {
        "from": {"role": "member", "grants": ["calls:read"]},
        "to": {"role": "partner", "grants": []},
    }
    assert data(call("PATCH", path, who, body={"grants": ["calls:read"]}))["role"] == "partner"
    assert data(call("PATCH", path, who, body={"role": None, "grants": None})) == data(call("GET", path, who))
    assert Event.objects.filter(type="member.changed").count() == 2, "what changes nothing leaves no trace"
    assert pointers(call("PATCH", path, who, body={"role": "boss", "grants": []})) == {"/role": "choice"}
    assert pointers(call("PATCH", path, who, body={"grants": ["calls:fly"]})) == {"/grants/0": "unknown_scope"}


def test_grant_that_is_taken_is_gone_from_the_next_request_of_the_members_own_key(
    who: str, voice: Project, bob: User
) -> None:
    own = secret_for(voice, "calls:read", owner=bob)
    assert call("GET", "/v1/calls", own).status_code == 200
    data(call("PATCH", of(voice, bob), who, body={"grants": []}))
    problem(call("GET", "/v1/calls", own), 403, "missing_scope")


def test_member_is_removed_and_an_invitation_withdrawn(who: str, voice: Project, bob: User) -> None:
    invited = f"{PEOPLE}/{data(invite(who))['id']}"
    for path in (of(voice, bob), invited):
        answer = call("DELETE", path, who)
        assert (answer.status_code, answer.content) == (204, b"")
        for method in ("GET", "PATCH", "DELETE"):
            problem(call(method, path, who, body={} if method == "PATCH" else None), 404, "not_found")
    assert not Membership.objects.filter(project=voice, user=bob).exists()
    assert Invitation.objects.get().outcome == "withdrawn"


def test_invitation_cannot_be_changed_and_a_member_not_be_invited(who: str, voice: Project) -> None:
    invited = f"{PEOPLE}/{data(invite(who))['id']}"
    problem(call("PATCH", invited, who, body={"role": "partner"}), 409, "not_accepted")
    problem(invite(who, "bob@example.com"), 409, "already_member")


def test_last_administrator_stays(voice: Project, alice: User) -> None:
    token = access_of(alice)
    problem(call("DELETE", of(voice, alice), token), 409, "last_administrator")
    problem(call("PATCH", of(voice, alice), token, body={"role": "member"}), 409, "last_administrator")
    assert role_of(voice, alice) == "administrator"


def test_administrator_makes_another_one_and_goes(voice: Project, alice: User, bob: User) -> None:
    token = access_of(alice)
    assert data(call("PATCH", of(voice, bob), token, body={"role": "administrator"}))["role"] == "administrator"
    assert data(invite(token, role="administrator"))["role"] == "administrator"
    assert call("DELETE", of(voice, alice), token).status_code == 204
    problem(call("GET", PEOPLE, token), 404, "unknown_project")


# --- What a key can hand on


@pytest.mark.parametrize("unrestricted", [False, True])
def test_no_key_makes_changes_or_removes_an_administrator(
    voice: Project, key: str, alice: User, bob: User, unrestricted: bool
) -> None:
    who = secret_for(voice, unrestricted=True, name="All") if unrestricted else key
    service.add_member(actor=OPERATOR, project=voice, user=make.user("adam@example.com"), role="administrator")
    adam = of(voice, User.objects.get(email="adam@example.com"))
    boss = invitations.invite(actor=OPERATOR, project=voice, email="boss@example.com", role="administrator")
    for response in (
        invite(who, role="administrator"),
        invite(who, "boss@example.com", role="member"),
        call("PATCH", of(voice, bob), who, body={"role": "administrator"}),
        call("PATCH", adam, who, body={"role": "member"}),
        call("PATCH", adam, who, body={"grants": []}),
        call("DELETE", adam, who),
        call("DELETE", of(voice, alice), who),
        call("DELETE", f"{PEOPLE}/{boss.id}", who),
    ):
        problem(response, 403, "exceeds_own")
    assert Membership.objects.filter(project=voice, role="administrator").count() == 2
    assert list(Invitation.objects.values_list("role", "closed_at")) == [("administrator", None)]


def test_key_grants_what_it_has_with_what_that_implies_and_nothing_more(voice: Project, key: str, bob: User) -> None:
    for scopes in (["calls:write"], ["members:read", "billing:read"], ["api_keys:write"]):
        problem(invite(key, grants=scopes), 403, "exceeds_own")
        problem(call("PATCH", of(voice, bob), key, body={"grants": scopes}), 403, "exceeds_own")
    assert not Invitation.objects.exists()
    assert data(invite(key, grants=["calls:read", "members:read"]))["grants"] == ["calls:read", "members:read"]
    everything = secret_for(voice, unrestricted=True, name="All")
    assert data(invite(everything, grants=["api_keys:write"]))["grants"] == ["api_keys:write"]


def test_key_leaves_and_takes_away_what_it_could_not_give(voice: Project, key: str, bob: User) -> None:
    member = Membership.objects.get(project=voice, user=bob)
    service.set_grants(actor=OPERATOR, membership=member, grants=["billing:write", "messages:read"])
    path = of(voice, bob)
    kept = data(call("PATCH", path, key, body={"role": "partner"}))
    assert kept["grants"] == ["billing:write", "messages:read"]
    assert data(call("PATCH", path, key, body={"grants": ["billing:read"]}))["grants"] == ["billing:read"]
    problem(call("PATCH", path, key, body={"grants": ["billing:write"]}), 403, "exceeds_own")


def test_reading_needs_read_and_writing_write(voice: Project, bob: User) -> None:
    reader, caller = secret_for(voice, "members:read"), secret_for(voice, "calls:write")
    assert call("GET", PEOPLE, reader).status_code == call("GET", of(voice, bob), reader).status_code == 200
    for method, path in (("POST", PEOPLE), ("PATCH", of(voice, bob)), ("DELETE", of(voice, bob))):
        told = problem(
            call(method, path, reader, body={"email": "d@example.com", "role": "member"}), 403, "missing_scope"
        )
        assert told["required_scope"] == "members:write"
        problem(call(method, path, caller, body={}), 403, "missing_scope")
    problem(call("GET", PEOPLE, caller), 403, "missing_scope")


def test_user_key_gives_no_more_than_its_owner(voice: Project, bob: User, carol: User) -> None:
    """A partner with the permission gives no higher role than their own; what they lose, their key loses."""
    for user, role in ((bob, "member"), (carol, "partner")):
        grants = ["members:write", "calls:read"]
        service.add_member(actor=OPERATOR, project=voice, user=user, role=role, grants=grants)
    bobs, carols = (secret_for(None, owner=user, name="Mine") for user in (bob, carol))
    assert data(invite(bobs, grants=["calls:read"]))["role"] == "member"
    problem(invite(bobs, grants=["billing:read"]), 403, "exceeds_own")
    problem(invite(carols, "eve@example.com"), 403, "exceeds_own")
    problem(call("PATCH", of(voice, carol), carols, body={"role": "member"}), 403, "exceeds_own")
    problem(call("PATCH", of(voice, carol), carols, body={"grants": ["billing:write"]}), 403, "exceeds_own")
    assert data(invite(carols, "eve@example.com", role="partner"))["role"] == "partner"
    service.add_member(actor=OPERATOR, project=voice, user=bob, role="member", grants=["calls:read"])
    problem(invite(bobs, "late@example.com"), 403, "missing_scope")


def test_key_that_ended_while_its_request_ran_changes_nothing(voice: Project) -> None:
    """What the gate let in before the key was revoked is refused where the change is made."""
    made = make.new_key(voice, scopes=["members:write"])
    actor, ask = Actor("key", made.key.pk, "Website"), partial(ceiling.giving, made.key.pk, voice)
    keys.revoke_key(actor=make.TESTER, key=made.key, reason="leaked")
    for asked in (ask, None):
        with pytest.raises(Refused):
            invitations.invite(actor=actor, project=voice, email="d@example.com", role="member", ask=asked)
    assert not Invitation.objects.exists()


def test_mail_and_list_name_the_key_that_invites(voice: Project, key: str) -> None:
    assert data(invite(key))["invited_by"] == "The API key “People”"
    event = Event.objects.get(type="invitation.sent")
    assert (event.actor_kind, event.actor_label) == ("key", "People")


# --- Other projects, other catalogues, other people


def test_people_of_another_project_are_not_there(voice: Project, who: str, mallory: User) -> None:
    other = make.project("Other", catalogue="voice", administrator=mallory)
    invited = invitations.invite(actor=OPERATOR, project=other, email="x@example.com", role="member")
    nobody = [f"{PEOPLE}/{each}" for each in ("mem_" + "0" * 22, "inv_" + "0" * 22, "x", "%00", "mem_%F0%9F%92%A9")]
    for path in (of(other, mallory), f"{PEOPLE}/{invited.id}", *nobody):
        for method in ("GET", "PATCH", "DELETE"):
            body = {"role": "member"} if method == "PATCH" else None
            problem(call(method, path, who, body=body), 404, "not_found")
    assert "mallory" not in call("GET", PEOPLE, who).content.decode()
    problem(call("GET", PEOPLE, who, X_Project=other.slug), 404, "unknown_project")
    assert (role_of(other, mallory), Invitation.objects.get().closed_at) == ("administrator", None)


@pytest.mark.parametrize("catalogue", ["boltcall", "boltly", "bolten"])
def test_catalogue_without_members_lets_no_key_in_but_administrators(catalogue: str, alice: User) -> None:
    project = make.project("Elsewhere", catalogue=catalogue, administrator=alice)
    scopes = [] if catalogue == "bolten" else [{"boltcall": "leads:read", "boltly": "tokens:create"}[catalogue]]
    key = secret_for(project, *scopes, unrestricted=catalogue == "bolten")
    for method, path in (("GET", PEOPLE), ("POST", PEOPLE), ("DELETE", of(project, alice))):
        problem(call(method, path, key, body={} if method == "POST" else None), 403, "missing_scope")
    assert data(call("GET", PEOPLE, access_of(alice)))["data"][0]["email"] == "alice@example.com"


@pytest.mark.parametrize("person", ["bob", "carol", "mallory"])
def test_who_is_no_administrator_gets_nothing(person: str, voice: Project, request: pytest.FixtureRequest) -> None:
    user: User = request.getfixturevalue(person)
    if person == "bob":
        member = Membership.objects.get(project=voice, user=user)
        service.set_grants(actor=OPERATOR, membership=member, grants=["members:write"])
    expected = (404, "unknown_project") if person == "mallory" else (403, "forbidden")
    for method in ("GET", "POST"):
        body: dict[str, str] | None = {} if method == "POST" else None
        problem(call(method, PEOPLE, access_of(user), body=body, X_Project=voice.slug), *expected)


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_invite_one_person_once(voice: Project, key: str) -> None:
    def one(number: int) -> int:
        try:
            return invite(key).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(20))) == {201}
    assert Invitation.objects.count() == 1
