"""The operators' commands: one JSON object on stdout, or a message and a non-zero exit."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from apps.core import secret
from apps.core.verify import Ask
from apps.gate import gate
from apps.keys.models import Key
from apps.projects.models import Project
from tests import make

pytestmark = pytest.mark.django_db

KEY_FIELDS = {
    "id", "name", "mask", "environment", "project_id", "owner", "restricted", "scopes", "rate_limit_per_minute",
    "allowed_ips", "status", "created_at", "created_by", "expires_at", "last_used_at", "last_used_ip", "revoked_at",
    "revoked_by", "revoke_reason", "rotated_to", "usage",
}  # fmt: skip


def _run(*args: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command(*args, stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == 1
    answer: dict[str, Any] = json.loads(lines[0])
    return answer


def test_create_key_prints_the_key_with_its_secret(project: Project) -> None:
    printed = _run(
        "create_key", "--project", project.slug, "--name", "Website", "--grant", "leads:read", "calls:write",
        "--expires", "2030-01-31T12:00:00+02:00", "--rate-limit", "100", "--allowed-ip", "10.0.0.0/8", "192.0.2.7",
    )  # fmt: skip
    assert printed.keys() == KEY_FIELDS | {"secret_key"}
    assert secret.is_well_formed(printed["secret_key"])
    assert printed["scopes"] == ["calls:write", "leads:read"]
    assert printed["expires_at"] == "2030-01-31T10:00:00Z"
    assert printed["rate_limit_per_minute"] == 100
    assert printed["allowed_ips"] == ["10.0.0.0/8", "192.0.2.7/32"]
    assert printed["usage"] == {"24h": 0, "7d": 0, "30d": 0}
    assert (printed["project_id"], printed["owner"], printed["status"]) == (project.id, None, "active")


def test_create_key_with_owner_only_makes_a_user_key(project: Project) -> None:
    printed = _run("create_key", "--name", "Mine", "--owner", "BOB@example.com")
    assert printed["project_id"] is None
    assert printed["owner"]["email"] == "bob@example.com"
    assert printed["restricted"] is False


def test_revoke_key_prints_the_key_with_its_usage(project: Project) -> None:
    made = make.new_key(project)
    assert gate.verify(made.secret, Ask(resource="leads"))
    printed = _run("revoke_key", made.key.id, "--reason", "left the company")
    assert printed.keys() == KEY_FIELDS
    assert (printed["status"], printed["revoke_reason"]) == ("revoked", "left the company")
    assert printed["usage"] == {"24h": 1, "7d": 1, "30d": 1}
    assert gate.verify(made.secret, Ask(resource="leads")).code == "revoked"


def test_set_rate_limit_prints_the_key(project: Project) -> None:
    assert _run("set_rate_limit", make.key(project).id, "1000000")["rate_limit_per_minute"] == 1_000_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create_key", "--name", "x"], "--project"),
        (["create_key", "--name", "x", "--project", "nope", "--grant", "leads:read"], "no project"),
        (["create_key", "--name", "x", "--owner", "nobody@example.com"], "no user"),
        (["create_key", "--name", "x", "--project", "acme-calls"], "at least one permission"),
        (["create_key", "--name", "x", "--project", "acme-calls", "--grant", "leads:fly"], "not a permission"),
        (["create_key", "--name", "x", "--project", "acme-calls", "--unrestricted"], "always restricted"),
        (["create_key", "--name", "", "--project", "acme-calls", "--grant", "leads:read"], "name"),
        (
            [
                "create_key",
                "--name",
                "x",
                "--project",
                "acme-calls",
                "--grant",
                "leads:read",
                "--expires",
                "2030-01-01",
            ],
            "zone",
        ),
        (
            ["create_key", "--name", "x", "--project", "acme-calls", "--grant", "leads:read", "--expires", "soon"],
            "zone",
        ),
        (
            ["create_key", "--name", "x", "--project", "acme-calls", "--grant", "leads:read", "--expires", ""],
            "zone",
        ),
        (
            ["create_key", "--name", "x", "--project", "acme-calls", "--grant", "leads:read", "--rate-limit", "0"],
            "1,000,000",
        ),
        (["revoke_key", "key_nope", "--reason", "x"], "no key"),
        (["revoke_key", "key_nope"], "--reason"),
        (["set_rate_limit", "key_nope", "5"], "no key"),
        (["set_rate_limit", "key_nope", "many"], "invalid int"),
    ],
)
def test_bad_arguments_get_a_message_and_change_nothing(project: Project, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command(*arguments, stdout=io.StringIO())
    assert not Key.objects.exists()


def test_forget_keys_says_how_many_were_held_or_that_redis_does_not_answer(
    project: Project, settings: LazySettings
) -> None:
    assert gate.verify(make.new_key(project).secret, Ask("leads"))
    assert _run("forget_keys") == {"forgotten": 1 if settings.REDIS_URL else 0}
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    gate.current.cache_clear()
    with pytest.raises(CommandError, match="Redis does not answer"):
        _run("forget_keys")
