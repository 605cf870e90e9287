"""What somebody may do with records follows from role, grants and catalogue, and from nothing else."""

from __future__ import annotations

import pytest

from apps.projects import catalogues, policy
from apps.projects.models import Role


@pytest.mark.parametrize(
    ("role", "granted", "expected"),
    [
        (Role.ADMINISTRATOR, (), ["opportunities", "contacts"]),
        (Role.MEMBER, ("contacts:read",), ["contacts"]),
        (Role.PARTNER, ("contacts:read", "opportunities:read"), ["opportunities", "contacts"]),
        (Role.MEMBER, (), []),
    ],
)
def test_resources_that_can_be_read(role: str, granted: tuple[str, ...], expected: list[str]) -> None:
    found = policy.usable(role, granted, catalogues.get("bolten"), "GET")
    assert [resource.slug for resource in found if resource.kind == "records"] == expected


def test_what_no_action_covers_nobody_may_do() -> None:
    assert policy.usable(Role.ADMINISTRATOR, (), catalogues.get("bolten"), "DELETE") == []
