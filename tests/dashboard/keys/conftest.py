"""Alice, administrator of Acme Calls, is signed in."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.projects.models import Project


@pytest.fixture
def signed_in(client: Client, alice: User, project: Project) -> Client:
    client.force_login(alice)
    return client
