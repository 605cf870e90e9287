"""User keys among the keys of a project: wherever one stands, it says whose it is."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.keys import service
from apps.projects.models import Project
from tests import make
from tests.dashboard.html import read

pytestmark = pytest.mark.django_db

KEYS = "/projects/acme-calls/api-keys/"
WHOSE = "User key of bob@example.com"


def test_lists_tell_user_keys_from_those_of_the_project(signed_in: Client, project: Project, bob: User) -> None:
    make.key(project, "Ours")
    made = make.key(project, "His", owner=bob, scopes=())
    rows = {row["Name"]: row["Permissions"] for row in read(signed_in.get(KEYS)).rows()}
    assert rows == {"Ours": "Restricted Leads (read)", f"His {WHOSE}": "All that its owner may"}
    service.revoke_key(actor=make.TESTER, key=made, reason="leaked")
    assert [row["Name"] for row in read(signed_in.get(f"{KEYS}revoked/")).rows()] == [f"His {WHOSE}"]


@pytest.mark.parametrize("question", ["revoke", "delete"])
def test_questions_name_the_owner(signed_in: Client, project: Project, bob: User, question: str) -> None:
    ours, his = make.key(project, "Ours"), make.key(project, "His", owner=bob, scopes=())
    dialog = read(signed_in.get(f"{KEYS}{his.pk}/{question}/", headers={"HX-Request": "true"})).text
    assert "It is a user key of bob@example.com." in dialog
    assert "All that bob@example.com may" in dialog and "Unrestricted" not in dialog
    assert "user key" not in read(signed_in.get(f"{KEYS}{ours.pk}/{question}/")).one("main").text


def test_page_of_the_key_names_the_owner(signed_in: Client, project: Project, bob: User) -> None:
    page = read(signed_in.get(f"{KEYS}{make.key(project, owner=bob, scopes=()).pk}/"))
    assert WHOSE in page.one("section", aria_labelledby="facts").text
    assert "All that bob@example.com may" in page.one("section", aria_labelledby="permissions").text
