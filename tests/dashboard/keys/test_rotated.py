"""A key that was rotated, on its page and among those that ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.keys import service
from apps.keys.models import Key
from apps.projects.models import Project
from tests import make
from tests.dashboard.html import read

pytestmark = pytest.mark.django_db
KEYS = "/projects/acme-calls/api-keys"


@pytest.fixture
def admin(project: Project, alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def rotated(project: Project) -> tuple[Key, Key]:
    """A key whose grace period is over, and its successor."""
    old = make.key(project, "Website")
    new = service.rotate_key(actor=make.TESTER, key=old, grace=0).key
    old.refresh_from_db()
    return old, new


def test_ended_page_says_rotated_and_leads_to_the_successor(admin: Client, project: Project) -> None:
    old, new = rotated(project)
    page = admin.get(f"{KEYS}/revoked/").content.decode()
    assert ">Rotated<" in page and f'href="{KEYS}/{new.pk}/">Its successor</a>' in page
    assert f'href="{KEYS}/{old.pk}/"' in page
    assert old.pk in admin.get(f"{KEYS}/revoked/?cause=rotated").content.decode()
    assert old.pk not in admin.get(f"{KEYS}/revoked/?cause=expired").content.decode()


def test_rotated_key_that_is_revoked_says_revoked(admin: Client, project: Project) -> None:
    old = make.key(project, "Website")
    service.rotate_key(actor=make.TESTER, key=old, grace=3600)
    service.revoke_key(actor=make.TESTER, key=old, reason="leaked")
    assert old.pk in admin.get(f"{KEYS}/revoked/?cause=revoked").content.decode()


def test_pages_of_both_keys_name_the_other(admin: Client, project: Project) -> None:
    old, new = rotated(project)
    assert f'href="{KEYS}/{new.pk}/">{new.pk}</a>' in admin.get(f"{KEYS}/{old.pk}/").content.decode()
    assert f'href="{KEYS}/{old.pk}/">{old.pk}</a>' in admin.get(f"{KEYS}/{new.pk}/").content.decode()


def test_both_are_active_within_the_grace_period(admin: Client, project: Project) -> None:
    old = make.key(project, "Website")
    new = service.rotate_key(actor=make.TESTER, key=old, grace=3600).key
    page = admin.get(f"{KEYS}/").content.decode()
    assert old.pk in page and new.pk in page
    names = [row["Name"] for row in read(admin.get(f"{KEYS}/")).rows()]
    assert names[0] == "Website"
    assert names[1].startswith("Website Rotated, works until ") and names[1].endswith(". Its successor")
    assert f'<a href="{KEYS}/{new.pk}/">Its successor</a>' in page
    assert "both work until" in admin.get(f"{KEYS}/{old.pk}/").content.decode()


def test_audit_tells_the_rotation_and_the_end_of_the_grace_period(admin: Client, project: Project) -> None:
    old, new = rotated(project)
    service.record_expired(now=timezone.now())
    told = [(e.type, e.data.get("rotated_to")) for e in Event.objects.filter(target_id=old.pk).order_by("at", "id")]
    assert sorted(told) == [("key.created", None), ("key.expired", new.pk), ("key.rotated", new.pk)]
    assert Event.objects.get(target_id=new.pk, type="key.created").data["rotated_from"] == old.pk
    page = admin.get("/projects/acme-calls/audit/").content.decode()
    assert "rotated the key" in page


def test_grants_of_an_expired_catalogue_entry_are_carried_over(project: Project) -> None:
    """What a catalogue does not offer any more stays in the history of the successor, too, and allows nothing."""
    old = make.key(project, "Website", expires_at=timezone.now() + timedelta(days=1))
    old.grants.create(resource="faxes", action="read")
    new = service.rotate_key(actor=make.TESTER, key=Key.objects.get(pk=old.pk), grace=60).key
    assert new.scopes == ["faxes:read", "leads:read"]
