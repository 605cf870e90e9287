"""A project whose fields administrators change."""

from __future__ import annotations

import pytest

from apps.projects.models import Project
from tests import make


@pytest.fixture
def sales(db: None) -> Project:
    return make.project("Sales", catalogue="bolten")
