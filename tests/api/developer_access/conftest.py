"""A project whose keys are managed, and who may do that."""

from __future__ import annotations

import pytest

from apps.accounts.models import User
from apps.projects.models import Project
from tests import make
from tests.api.call import secret_for
from tests.api.people import access_of


@pytest.fixture
def boltly(alice: User, bob: User) -> Project:
    made = make.project("Messages", catalogue="boltly", administrator=alice)
    make.member(made, bob, "member", ("contacts:read",))
    return made


@pytest.fixture(params=["administrator", "key"])
def who(request: pytest.FixtureRequest, boltly: Project, alice: User) -> str:
    """The bearer of each kind that may manage the keys of the project."""
    scopes = ("contacts:read", "contacts:write", "inbox:read", "tokens:read", "tokens:create")
    return access_of(alice) if request.param == "administrator" else secret_for(boltly, *scopes, name="Manager")
