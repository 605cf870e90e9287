"""Projects and the people in them."""

from __future__ import annotations

import pytest

from apps.accounts import service as accounts
from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actor import OPERATOR, Actor
from apps.core.errors import Conflict, Invalid, Missing, Refused
from apps.core.verify import Ask
from apps.gate import gate
from apps.projects import invitations, queries, service
from apps.projects.models import Membership, Project
from tests import make

pytestmark = pytest.mark.django_db


def as_actor(user: User) -> Actor:
    return Actor("user", str(user.pk), user.email)


def membership(project: Project, user: User) -> Membership:
    return Membership.objects.get(project=project, user=user)


def events(kind: str) -> list[Event]:
    return list(Event.objects.filter(type=kind))


# --- Projects


def test_a_project_is_made_with_its_administrator_and_recorded(alice: User) -> None:
    made = service.create_project(actor=OPERATOR, name=" Acme  Calls ", catalogue="boltcall", admin=alice)
    assert (made.name, made.slug, made.catalogue, made.environment) == ("Acme Calls", "acme-calls", "boltcall", "live")
    assert membership(made, alice).role == "administrator"
    [event] = events("project.created")
    assert (event.project_id, event.target_id) == (made.id, made.id)
    assert event.data == {"catalogue": "boltcall", "environment": "live", "administrator": alice.email}


@pytest.mark.parametrize(
    ("names", "slugs"),
    [
        (["Acme", "Acme", "acme!"], ["acme", "acme-2", "acme-3"]),
        (["日本", "!!!"], ["project", "project-2"]),
        (["prj_4fT0aaaaaaaaaaaaaaaaaa"], ["prj-4ft0aaaaaaaaaaaaaaaaaa"]),
        (["x" * 80, "x" * 80], ["x" * 50, "x" * 50 + "-2"]),
        (["Ünï & Söhne"], ["uni-sohne"]),
        (["acme-2", "acme", "acme"], ["acme-2", "acme", "acme-3"]),
    ],
)
def test_slugs_are_made_from_names_and_never_empty_or_taken(alice: User, names: list[str], slugs: list[str]) -> None:
    made = [service.create_project(actor=OPERATOR, name=name, catalogue="boltcall", admin=alice) for name in names]
    assert [project.slug for project in made] == slugs


@pytest.mark.parametrize(
    ("over", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "\u200b"}, "/name"),
        ({"name": "x" * 10_000}, "/name"),
        ({"name": "a\x00b"}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"catalogue": "nope"}, "/catalogue"),
        ({"catalogue": ""}, "/catalogue"),
        ({"environment": "staging"}, "/environment"),
    ],
)
def test_what_is_wrong_with_a_project_is_said(alice: User, over: dict[str, str], pointer: str) -> None:
    values = {"name": "A", "catalogue": "boltcall", **over}
    with pytest.raises(Invalid) as refused:
        service.create_project(actor=OPERATOR, admin=alice, **values)
    assert [e.pointer for e in refused.value.errors] == [pointer]
    assert not Project.objects.exists()


def test_a_disabled_user_becomes_nobodys_administrator(alice: User) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(Conflict):
        service.create_project(actor=OPERATOR, name="A", catalogue="boltcall", admin=alice)
    assert not Project.objects.exists()


def test_keys_of_a_suspended_project_are_refused_until_it_is_resumed(project: Project) -> None:
    secret = make.new_key(project).secret
    assert gate.verify(secret, Ask()).code == "ok"
    for _ in range(2):
        service.suspend_project(actor=OPERATOR, project=project)
    assert gate.verify(secret, Ask()).code == "suspended"
    assert len(events("project.suspended")) == 1
    service.resume_project(actor=OPERATOR, project=project)
    assert gate.verify(secret, Ask()).code == "ok"
    assert len(events("project.resumed")) == 1


# --- Members


def test_a_member_is_added_with_grants_and_recorded(project: Project, mallory: User, alice: User) -> None:
    added = service.add_member(
        actor=as_actor(alice), project=project, user=mallory, role="partner", grants=["leads:read", "calls:write"]
    )
    assert (added.role, queries.scopes_of(added)) == ("partner", ("calls:write", "leads:read"))
    [event] = events("member.added")
    assert event.data == {"role": "partner", "grants": ["calls:write", "leads:read"]}
    assert (event.target_id, event.actor_label) == (str(mallory.pk), alice.email)


def test_adding_a_member_again_sets_role_and_grants_anew(project: Project, bob: User) -> None:
    service.add_member(actor=OPERATOR, project=project, user=bob, role="partner", grants=["leads:read"])
    again = service.add_member(actor=OPERATOR, project=project, user=bob, role="member", grants=["calls:read"])
    assert again == membership(project, bob)
    assert (again.role, queries.scopes_of(again)) == ("member", ("calls:read",))
    assert events("member.changed")[0].data == {
        "from": {"role": "partner", "grants": ["leads:read"]},
        "to": {"role": "member", "grants": ["calls:read"]},
    }


def test_adding_the_same_again_records_nothing(project: Project, bob: User) -> None:
    service.add_member(actor=OPERATOR, project=project, user=bob, role="member")
    assert not events("member.changed")


@pytest.mark.parametrize(
    ("role", "grants", "pointer"),
    [
        ("owner", [], "/role"),
        ("", [], "/role"),
        ("member", ["leads"], "/grants/0"),
        ("member", ["leads:read", "leads:fly"], "/grants/1"),
        ("member", ["opportunities:read"], "/grants/0"),
    ],
)
def test_roles_and_grants_are_those_of_the_catalogue(
    project: Project, mallory: User, role: str, grants: list[str], pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        service.add_member(actor=OPERATOR, project=project, user=mallory, role=role, grants=grants)
    assert [e.pointer for e in refused.value.errors] == [pointer]
    assert not Membership.objects.filter(project=project, user=mallory).exists()


def test_a_change_of_role_keeps_the_grants(project: Project, bob: User) -> None:
    row = service.set_grants(actor=OPERATOR, membership=membership(project, bob), grants=["leads:read"])
    changed = service.change_role(actor=OPERATOR, membership=row, role="administrator")
    assert (changed.role, queries.scopes_of(changed)) == ("administrator", ("leads:read",))


def test_a_removed_member_is_an_outsider(project: Project, bob: User, alice: User) -> None:
    service.remove_member(actor=as_actor(alice), membership=membership(project, bob))
    assert queries.membership_of(bob, project.slug) is None
    [event] = events("member.removed")
    assert (event.target_label, event.data) == (bob.email, {"role": "member", "grants": []})


def test_removing_somebody_who_is_gone_is_said(project: Project, bob: User) -> None:
    row = membership(project, bob)
    service.remove_member(actor=OPERATOR, membership=row)
    for change in (
        lambda: service.remove_member(actor=OPERATOR, membership=row),
        lambda: service.change_role(actor=OPERATOR, membership=row, role="partner"),
        lambda: service.set_grants(actor=OPERATOR, membership=row, grants=[]),
    ):
        with pytest.raises(Missing):
            change()
    assert len(events("member.removed")) == 1


@pytest.mark.parametrize("role", ["member", "partner"])
def test_the_last_administrator_stays(project: Project, alice: User, role: str) -> None:
    row = membership(project, alice)
    for change in (
        lambda: service.remove_member(actor=as_actor(alice), membership=row),
        lambda: service.change_role(actor=as_actor(alice), membership=row, role=role),
        lambda: service.add_member(actor=OPERATOR, project=project, user=alice, role=role),
    ):
        with pytest.raises(Conflict) as refused:
            change()
        assert refused.value.code == "last_administrator"
    assert membership(project, alice).role == "administrator"


def test_a_disabled_administrator_does_not_count(project: Project, alice: User, bob: User) -> None:
    service.change_role(actor=OPERATOR, membership=membership(project, bob), role="administrator")
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(Conflict):
        service.remove_member(actor=as_actor(alice), membership=membership(project, alice))


def test_with_a_second_administrator_the_first_may_go(project: Project, alice: User, bob: User) -> None:
    service.change_role(actor=as_actor(alice), membership=membership(project, bob), role="administrator")
    service.remove_member(actor=as_actor(alice), membership=membership(project, alice))
    assert list(queries.administrators(project)) == [bob]


def test_whoever_lost_the_right_changes_nothing_any_more(project: Project, alice: User, bob: User, carol: User) -> None:
    """Two administrators act at one moment: the second to arrive has been removed by the first."""
    service.change_role(actor=as_actor(alice), membership=membership(project, bob), role="administrator")
    service.remove_member(actor=as_actor(bob), membership=membership(project, alice))
    actor = as_actor(alice)
    for change in (
        lambda: service.remove_member(actor=actor, membership=membership(project, bob)),
        lambda: service.change_role(actor=actor, membership=membership(project, carol), role="administrator"),
        lambda: service.set_grants(actor=actor, membership=membership(project, carol), grants=["leads:read"]),
        lambda: service.add_member(actor=actor, project=project, user=alice, role="administrator"),
        lambda: invitations.invite(actor=actor, project=project, email="dora@example.com", role="member"),
    ):
        with pytest.raises(Refused):
            change()
    assert list(queries.administrators(project)) == [bob]


@pytest.mark.parametrize("role", ["member", "partner", None])
def test_only_administrators_change_the_team(project: Project, mallory: User, bob: User, role: str | None) -> None:
    if role:
        make.member(project, mallory, role)
    with pytest.raises(Refused):
        service.change_role(actor=as_actor(mallory), membership=membership(project, bob), role="partner")
    with pytest.raises(Refused):
        service.add_member(actor=as_actor(mallory), project=project, user=mallory, role="administrator")


# --- User keys follow their owner at once


def test_a_user_key_follows_its_owners_rights(project: Project, bob: User) -> None:
    service.set_grants(actor=OPERATOR, membership=membership(project, bob), grants=["leads:read"])
    secret = make.new_key(None, owner=bob, scopes=["leads:read"]).secret
    ask = Ask(resource="leads", method="GET")
    assert gate.verify(secret, ask).code == "ok"
    service.set_grants(actor=OPERATOR, membership=membership(project, bob), grants=["calls:read"])
    assert gate.verify(secret, ask).code == "missing_scope"
    service.change_role(actor=OPERATOR, membership=membership(project, bob), role="administrator")
    assert gate.verify(secret, ask).code == "ok"
    service.change_role(actor=OPERATOR, membership=membership(project, bob), role="member")
    assert gate.verify(secret, ask).code == "missing_scope"
    service.remove_member(actor=OPERATOR, membership=membership(project, bob))
    assert gate.verify(secret, ask).code == "unknown_project"
    service.add_member(actor=OPERATOR, project=project, user=bob, role="partner", grants=["leads:read"])
    assert gate.verify(secret, ask).code == "ok"


def test_a_user_key_is_refused_while_its_owner_is_disabled(project: Project, alice: User) -> None:
    secret = make.new_key(None, owner=alice).secret
    assert gate.verify(secret, Ask()).code == "ok"
    accounts.disable_user(actor=OPERATOR, user=alice)
    assert gate.verify(secret, Ask()).code == "suspended"
    accounts.enable_user(actor=OPERATOR, user=alice)
    assert gate.verify(secret, Ask()).code == "ok"
