"""A project whose fields can be configured, and its administrator."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.projects.models import Project
from tests import make
from tests.pages import signed_in


@pytest.fixture
def sales(alice: User) -> Project:
    return make.project("Sales", catalogue="bolten", administrator=alice)


@pytest.fixture
def browser(sales: Project, alice: User) -> Client:
    return signed_in(alice)
