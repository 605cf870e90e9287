"""A project with opportunities."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.projects.models import Project
from tests import make
from tests.pages import signed_in


@pytest.fixture
def deals(alice: User, bob: User, carol: User) -> Project:
    made = make.project("Deals", catalogue="bolten", administrator=alice)
    make.member(made, bob, "member", ("opportunities:read", "opportunities:write"))
    make.member(made, carol, "partner", ("opportunities:read",))
    return made


@pytest.fixture
def admin(alice: User) -> Client:
    return signed_in(alice)
