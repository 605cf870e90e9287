"""Two administrators act at the same moment, on two connections."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.core.actor import Actor
from apps.core.errors import BoltkeysError
from apps.projects import invitations, queries, service
from apps.projects.models import Membership, Project
from tests import make


def as_actor(user: User) -> Actor:
    return Actor("user", str(user.pk), user.email)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(5))
def test_two_administrators_who_remove_each_other_leave_one(
    project: Project, alice: User, bob: User, round_: int
) -> None:
    service.change_role(
        actor=as_actor(alice), membership=Membership.objects.get(project=project, user=bob), role="administrator"
    )
    rows = {
        user: Membership.objects.select_related("project", "user").get(project=project, user=user)
        for user in (alice, bob)
    }
    start = Barrier(2)

    def remove(actor: User, other: User) -> bool:
        start.wait()
        try:
            service.remove_member(actor=as_actor(actor), membership=rows[other])
        except BoltkeysError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(remove, (alice, bob), (bob, alice)))
    assert sorted(done) == [False, True]
    assert queries.administrators(project).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_step_down_at_once_leave_one(project: Project, alice: User, bob: User) -> None:
    service.change_role(
        actor=as_actor(alice), membership=Membership.objects.get(project=project, user=bob), role="administrator"
    )
    start = Barrier(2)

    def step_down(user: User) -> bool:
        row = Membership.objects.select_related("project", "user").get(project=project, user=user)
        start.wait()
        try:
            service.change_role(actor=as_actor(user), membership=row, role="member")
        except BoltkeysError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(step_down, (alice, bob))) == [False, True]
    assert queries.administrators(project).count() == 1


@pytest.mark.django_db(transaction=True)
def test_projects_of_one_name_made_at_once_all_get_a_slug() -> None:
    admin = make.user("alice@example.com")
    start = Barrier(4)

    def create(_: int) -> str:
        start.wait()
        try:
            return service.create_project(actor=as_actor(admin), name="Acme", catalogue="boltcall", admin=admin).slug
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        slugs = sorted(threads.map(create, range(4)))
    assert slugs == ["acme", "acme-2", "acme-3", "acme-4"]


@pytest.mark.django_db(transaction=True)
def test_an_invitation_accepted_twice_at_once_makes_one_member(project: Project, mallory: User) -> None:
    invitation = invitations.invite(
        actor=Actor("system", "t", "t"), project=project, email=mallory.email, role="member"
    )
    start = Barrier(2)

    def accept(_: int) -> bool:
        start.wait()
        try:
            invitations.accept(actor=as_actor(mallory), invitation=invitation, user=mallory)
        except BoltkeysError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(accept, range(2))) == [False, True]
    assert Membership.objects.filter(project=project, user=mallory).count() == 1
