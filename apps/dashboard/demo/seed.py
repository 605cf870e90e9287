"""Makes the demo once, and at every start a key for the first call."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import User
from apps.dashboard.demo import keys, people, records, usage
from apps.projects.models import Project


def seed() -> dict[str, str]:
    """How to sign in, and a first call that works. What was made by an earlier start is left as it is."""
    now = timezone.now()
    administrator, password = people.administrator(now)
    project = people.project_of(administrator, now)
    if not people.is_complete(project):
        _fill(project, administrator, now)
    key = keys.fresh_quickstart(project)
    return {
        "email": administrator.email,
        "password": password,
        "project": project.slug,
        "url": f"{settings.BASE_URL}/projects/{project.slug}/api-keys/",
        "api_key": key.secret,
        "curl": f"curl -H 'Authorization: Bearer {key.secret}' '{settings.BASE_URL}/v1/leads?limit=3'",
    }


def _fill(project: Project, administrator: User, now: datetime) -> None:
    people.team(project, administrator, now)
    made = keys.make(project, administrator, now)
    records.make(project, made, people.actor_of(administrator), now)
    usage.make(made, now)
    people.invite(project, administrator, now)
