"""A user is deleted: what ends, what is left, and what keeps it from happening."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import ProtectedError
from django.utils import timezone

from apps.accounts import service as accounts
from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.actor import OPERATOR
from apps.core.errors import Conflict
from apps.core.verify import Ask
from apps.gate import gate
from apps.keys import service
from apps.keys.models import Key, Status
from apps.keys.users import delete_user
from apps.projects import service as projects
from apps.projects.models import Membership, Project
from tests import make
from tests.api.call import call, data, problem
from tests.api.people import access_of
from tests.pages import signed_in

pytestmark = pytest.mark.django_db


def code(secret: str) -> str:
    return gate.verify(secret, Ask("leads", project="acme-calls")).code


def facts(kind: str) -> list[tuple[str, str]]:
    return sorted(Event.objects.filter(type=kind).values_list("target_label", "project_id"))


def login(user: User) -> Any:
    return call("POST", "/v1/auth/login", body={"email": user.email, "password": make.PASSWORD})


@pytest.fixture
def membership(project: Project, bob: User) -> Membership:
    return projects.add_member(actor=OPERATOR, project=project, user=bob, role="administrator")


@pytest.mark.usefixtures("membership")
def test_keys_memberships_and_sign_ins_end(project: Project, bob: User) -> None:
    own, bound = make.new_key(None, "Own", owner=bob), make.new_key(project, "Bound", owner=bob, scopes=["leads:read"])
    shared, tokens, browser = make.new_key(project, "Shared").secret, data(login(bob)), signed_in(bob)
    assert {code(own.secret), code(bound.secret)} == {"ok"}
    assert browser.get("/projects/acme-calls/").status_code == 200
    before = User.objects.get(pk=bob.pk)
    gone = delete_user(actor=OPERATOR, user=bob)
    assert (gone.email, gone.keys, gone.projects) == ("bob@example.com", 2, ["acme-calls"])
    assert {code(own.secret), code(bound.secret)} == {"deleted"}
    assert code(shared) == "ok"
    problem(call("GET", "/v1/me", tokens["access_token"]), 401, "revoked")
    problem(call("POST", "/v1/auth/refresh", body={"refresh_token": tokens["refresh_token"]}), 401, "revoked")
    assert login(before).status_code == login(bob).status_code == 401
    assert browser.get("/projects/acme-calls/").status_code == 302
    assert not Membership.objects.filter(user_id=bob.pk).exists()


@pytest.mark.usefixtures("membership")
def test_row_says_nothing_of_them_and_the_audit_still_does(project: Project, bob: User) -> None:
    key = make.key(project, "Bound", owner=bob)
    User.objects.filter(pk=bob.pk).update(name="Bob", is_staff=True, is_superuser=True)
    delete_user(actor=OPERATOR, user=User.objects.get(pk=bob.pk))
    row = User.objects.get(pk=bob.pk)
    assert (row.email, row.label) == (f"{bob.pk}@deleted.invalid", "Deleted user")
    assert not (row.is_active or row.is_staff or row.is_superuser or row.has_usable_password())
    assert facts("user.deleted") == [("bob@example.com", "")]
    assert facts("member.removed") == [("bob@example.com", project.id)]
    assert facts("key.deleted") == [("Bound", project.id)]
    key = Key.objects.get(pk=key.pk)
    assert (key.status(timezone.now()), key.owner) == (Status.DELETED, row)


@pytest.mark.usefixtures("membership")
def test_address_is_free_for_somebody_new(project: Project, bob: User) -> None:
    secret = make.new_key(None, "Own", owner=bob).secret
    delete_user(actor=OPERATOR, user=bob)
    new = accounts.create_user(actor=OPERATOR, email="bob@example.com", password=make.PASSWORD)
    projects.add_member(actor=OPERATOR, project=project, user=new, role="member", grants=["leads:read"])
    assert new.pk != bob.pk
    assert code(secret) == "deleted"
    assert code(make.new_key(None, "Own", owner=new).secret) == "ok"


def test_last_administrator_stays_and_nothing_has_changed(project: Project, alice: User) -> None:
    other = make.project("Other", administrator=alice)
    make.member(other, make.user("dora@example.com"), "administrator")
    secret, token = make.new_key(None, "Own", owner=alice).secret, access_of(alice)
    with pytest.raises(Conflict, match="last administrator of Acme Calls") as refused:
        delete_user(actor=OPERATOR, user=alice)
    assert refused.value.code == "last_administrator"
    assert Membership.objects.filter(user=alice).count() == 2
    assert code(secret) == "ok"
    assert call("GET", "/v1/me", token, X_Project="other").status_code == 200
    assert not facts("user.deleted")


@pytest.mark.usefixtures("membership")
def test_keys_that_were_revoked_before_stay_as_they_were(project: Project, bob: User) -> None:
    made = make.new_key(project, "Revoked", owner=bob)
    service.revoke_key(actor=OPERATOR, key=made.key, reason="leaked")
    assert delete_user(actor=OPERATOR, user=bob).keys == 0
    made.key.refresh_from_db()
    assert (made.key.revoke_reason, made.key.deleted_at) == ("leaked", None)


@pytest.mark.usefixtures("membership")
def test_both_keys_of_a_rotation_are_deleted(bob: User) -> None:
    old = make.new_key(None, "Own", owner=bob)
    new = service.rotate_key(actor=OPERATOR, key=old.key, grace=3600)
    assert {code(old.secret), code(new.secret)} == {"ok"}
    assert delete_user(actor=OPERATOR, user=bob).keys == 2
    assert {code(old.secret), code(new.secret)} == {"deleted"}


@pytest.mark.usefixtures("membership")
def test_key_that_is_made_at_the_same_moment_never_works(bob: User) -> None:
    """Its maker looked before the deletion, and writes after it."""
    before = User.objects.get(pk=bob.pk)
    delete_user(actor=OPERATOR, user=bob)
    late = service.create_key(actor=OPERATOR, project=None, name="Late", owner=before)
    assert code(late.secret) == "deleted"


def test_who_was_deleted_is_not_enabled_again(bob: User) -> None:
    delete_user(actor=OPERATOR, user=bob)
    accounts.enable_user(actor=OPERATOR, user=User.objects.get(pk=bob.pk))
    assert not User.objects.get(pk=bob.pk).is_active


@pytest.mark.parametrize("what", ["key", "membership"])
def test_row_is_not_deleted_past_the_service(project: Project, bob: User, what: str) -> None:
    """A row that is taken away takes no key along without the gate being told, and makes none a key of the project."""
    if what == "key":
        make.key(None, "Own", owner=bob)
        Membership.objects.filter(user=bob).delete()
    for delete in (bob.delete, User.objects.filter(pk=bob.pk).delete):
        with pytest.raises(ProtectedError):
            delete()
    assert User.objects.filter(pk=bob.pk).exists()


def test_row_that_nothing_refers_to_takes_its_tokens_along(project: Project, bob: User) -> None:
    token, browser = access_of(bob), signed_in(bob)
    assert call("GET", "/v1/me", token).status_code == 200
    Membership.objects.filter(user=bob).delete()
    bob.delete()
    problem(call("GET", "/v1/me", token), 401, "revoked")
    assert browser.get("/account/api-keys/").status_code == 302


# --- the command -----------------------------------------------------------------------------------------------------


def run(*args: str) -> dict[str, Any]:
    out = StringIO()
    call_command("delete_user", *args, stdout=out, stderr=StringIO())
    [line] = out.getvalue().splitlines()
    printed: dict[str, Any] = json.loads(line)
    return printed


@pytest.mark.usefixtures("membership")
def test_command_prints_what_has_ended(bob: User) -> None:
    secret, user_id = make.new_key(None, "Own", owner=bob).secret, str(bob.pk)
    assert run("--email", " Bob@Example.com ") == {
        "user_id": user_id,
        "email": "bob@example.com",
        "keys_deleted": 1,
        "projects_left": ["acme-calls"],
    }
    assert code(secret) == "deleted"
    [event] = Event.objects.filter(type="user.deleted")
    assert (event.target_id, event.actor_label) == (user_id, OPERATOR.label)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("args", "word"),
    [
        ([], "required"),
        (["--email", "bob"], "such as name@example.com"),
        (["--email", "nobody@example.com"], "no user with the address nobody@example.com"),
        (["--email", "alice@example.com"], "last administrator of Acme Calls"),
    ],
)
def test_command_says_what_is_wrong_and_changes_nothing(args: list[str], word: str) -> None:
    with pytest.raises(CommandError, match=word):
        run(*args)
    assert User.objects.filter(email="alice@example.com", is_active=True).exists()
