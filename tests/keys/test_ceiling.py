"""What a key can hand on when its own state changes between being let in and the making of another key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts import service as accounts
from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actor import OPERATOR, Actor
from apps.core.errors import Conflict, Invalid, Refused
from apps.keys import service
from apps.keys.models import Key
from apps.projects import service as projects
from apps.projects.models import Project
from tests import make

pytestmark = pytest.mark.django_db


def made_by(maker: Key, project: Project, **over: Any) -> Key:
    fields: dict[str, Any] = {"name": "Made", "scopes": ["leads:read"], **over}
    return service.create_key(actor=make.TESTER, project=project, maker=maker.pk, **fields).key


def test_key_makes_what_it_has(project: Project) -> None:
    maker = make.key(project, "Maker", scopes=["leads:read", "calls:read"])
    assert made_by(maker, project).scopes == ["leads:read"]


def test_key_that_has_just_ended_makes_nothing(project: Project) -> None:
    revoked, deleted = make.key(project, "Revoked"), make.key(project, "Deleted")
    expired = make.expire(make.key(project, "Expired", expires_at=timezone.now() + timedelta(days=1)))
    service.revoke_key(actor=make.TESTER, key=revoked, reason="leaked")
    service.delete_key(actor=make.TESTER, key=deleted)
    target = make.key(project, "Target")
    for maker in (revoked, deleted, expired):
        with pytest.raises(Refused):
            made_by(maker, project)
        with pytest.raises(Refused):
            service.rotate_key(actor=make.TESTER, key=target, grace=0, maker=maker.pk)
    assert not Key.objects.filter(name="Made").exists()
    target.refresh_from_db()
    assert target.rotated_to is None


def test_key_whose_owner_has_just_lost_a_right_cannot_hand_it_on(project: Project, bob: User) -> None:
    membership = projects.add_member(actor=OPERATOR, project=project, user=bob, role="member", grants=["leads:read"])
    maker = make.new_key(None, "Bob's", owner=bob).key
    assert made_by(maker, project).owner == bob
    projects.set_grants(actor=OPERATOR, membership=membership, grants=["calls:read"])
    with pytest.raises(Refused) as refused:
        made_by(maker, project, name="Another")
    assert refused.value.code == "exceeds_own"


def test_key_of_somebody_disabled_makes_nothing_that_works(project: Project, bob: User) -> None:
    maker = make.new_key(None, "Bob's", owner=bob).key
    accounts.disable_user(actor=OPERATOR, user=bob)
    with pytest.raises(Invalid, match="disabled"):
        made_by(maker, project)


@pytest.mark.parametrize(
    ("own", "wanted", "fits"),
    [
        ([], ["0.0.0.0/0"], True),
        (["10.0.0.0/8"], ["10.1.0.0/16", "10.2.3.4"], True),
        (["10.0.0.0/8", "2001:db8::/32"], ["2001:db8:1::/48"], True),
        (["10.0.0.0/8"], ["10.0.0.0/7"], False),
        (["10.0.0.0/8"], ["2001:db8::/32"], False),
        (["10.0.0.0/8"], ["10.0.0.1", "::/0"], False),
        (["0.0.0.0/0"], ["::/0"], False),
    ],
)
def test_addresses_stay_within_those_of_the_maker(
    project: Project, own: list[str], wanted: list[str], fits: bool
) -> None:
    maker = make.key(project, "Maker", allowed_ips=own)
    if fits:
        assert made_by(maker, project, allowed_ips=wanted).allowed_ips
    else:
        with pytest.raises(Refused):
            made_by(maker, project, allowed_ips=wanted)


def test_rotation_of_a_rotated_key_is_refused_by_the_service(project: Project) -> None:
    key = make.key(project, "Website")
    service.rotate_key(actor=make.TESTER, key=key, grace=60)
    with pytest.raises(Conflict) as conflict:
        service.rotate_key(actor=make.TESTER, key=key, grace=60)
    assert conflict.value.code == "already_rotated"


def test_key_of_a_user_that_is_bound_to_no_project_rotates_too(bob: User) -> None:
    old = make.new_key(None, "Bob's", owner=bob).key
    for somebody_else in (make.TESTER, Actor("user", "none", bob.email)):
        with pytest.raises(Refused):
            service.rotate_key(actor=somebody_else, key=old, grace=60)
    new = service.rotate_key(actor=Actor("user", str(bob.pk), bob.email), key=old, grace=60).key
    assert (new.project, new.owner, new.name, new.unrestricted) == (None, bob, "Bob's", True)


def test_event_of_a_rotation_says_until_when_the_old_key_works(project: Project) -> None:
    old = make.key(project, "Website")
    service.rotate_key(actor=make.TESTER, key=old, grace=60)
    old.refresh_from_db()
    event = Event.objects.get(type="key.rotated")
    assert old.expires_at is not None
    assert event.data["works_until"] == old.expires_at.isoformat().replace("+00:00", "Z")
    assert (event.target_id, event.project_id) == (old.pk, project.id)
