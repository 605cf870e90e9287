"""`create_project` and `add_member`: one JSON object on stdout, faults in words."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from apps.projects.models import Membership, Project
from apps.projects.queries import scopes_of
from tests.make import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PW", PASSWORD)
    monkeypatch.setenv("WEAK", "short")
    monkeypatch.setenv("EMPTY", "")


def run(*args: str) -> dict[str, Any]:
    out = StringIO()
    call_command(*args, stdout=out, stderr=StringIO())
    lines = out.getvalue().splitlines()
    assert len(lines) == 1
    printed: dict[str, Any] = json.loads(lines[0])
    return printed


def create(*args: str) -> dict[str, Any]:
    return run("create_project", "--name", "Acme", "--catalogue", "boltcall", *args)


def test_a_project_and_its_administrator_are_made() -> None:
    printed = create("--admin", "Dora@Example.com", "--password-env", "PW")
    project = Project.objects.get()
    assert printed == {
        "project_id": project.id,
        "slug": "acme",
        "catalogue": "boltcall",
        "admin": "dora@example.com",
    }
    assert User.objects.get().check_password(PASSWORD)
    assert project.environment == "live"


def test_a_test_project_is_made() -> None:
    create("--admin", "dora@example.com", "--environment", "test")
    assert Project.objects.get().environment == "test"
    assert not User.objects.get().has_usable_password()


def test_the_password_of_an_existing_user_stays(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER", "some entirely other words")
    create("--admin", "alice@example.com", "--password-env", "OTHER")
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["--name", ""], "name"),
        (["--name", "\u200b"], "name"),
        (["--name", "x" * 81], "80"),
        (["--catalogue", "nope"], "boltcall"),
        (["--admin", "dora"], "e-mail"),
        (["--environment", "staging"], "staging"),
        (["--password-env", "WEAK"], "12 characters"),
        (["--password-env", "EMPTY"], "EMPTY"),
        (["--password-env", "MISSING"], "MISSING"),
    ],
)
def test_a_bad_argument_is_named_and_changes_nothing(args: list[str], word: str) -> None:
    with pytest.raises(CommandError, match=word):
        create("--admin", "dora@example.com", *args)
    assert not Project.objects.exists()
    assert not User.objects.exists()


@pytest.mark.parametrize("args", [[], ["--name", "A"], ["--name", "A", "--catalogue", "boltcall"]])
def test_a_missing_argument_is_named(args: list[str]) -> None:
    with pytest.raises(CommandError, match="required"):
        run("create_project", *args)


def test_a_member_is_added_then_set_anew(project: Project) -> None:
    args = ["add_member", "--project", project.slug, "--email", "dora@example.com"]
    first = run(*args, "--role", "partner", "--grant", "leads:read", "calls:read", "--password-env", "PW")
    member = Membership.objects.get(pk=first["membership_id"])
    assert first == {"membership_id": member.id, "user_id": str(member.user.pk), "role": "partner"}
    assert scopes_of(member) == ("calls:read", "leads:read")
    second = run(*args, "--role", "member", "--grant", "leads:write", "--grant", "leads:read")
    assert second == {**first, "role": "member"}
    member = Membership.objects.get(pk=first["membership_id"])
    assert (member.role, scopes_of(member)) == ("member", ("leads:read", "leads:write"))


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["--project", "nope"], "nope"),
        (["--email", "dora"], "e-mail"),
        (["--role", "owner"], "owner"),
        (["--grant", "leads:fly"], "leads:fly"),
        (["--grant", "leads"], "leads"),
        (["--password-env", "WEAK"], "12 characters"),
    ],
)
def test_a_bad_argument_of_add_member_is_named(project: Project, args: list[str], word: str) -> None:
    before = User.objects.count()
    with pytest.raises(CommandError, match=word):
        run("add_member", "--project", project.slug, "--email", "dora@example.com", "--role", "member", *args)
    assert User.objects.count() == before


def test_the_last_administrator_is_not_demoted(project: Project, alice: User) -> None:
    with pytest.raises(CommandError, match="last administrator"):
        run("add_member", "--project", project.slug, "--email", alice.email, "--role", "member")
