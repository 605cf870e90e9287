"""The people of the demo and their project."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from apps.accounts import service as accounts
from apps.accounts.models import User
from apps.core.actor import OPERATOR, Actor
from apps.core.ids import random_text
from apps.dashboard.demo import clock
from apps.dashboard.demo.words import DOMAIN, PROJECT
from apps.projects import invitations
from apps.projects import service as projects
from apps.projects.models import Invitation, Membership, Project, Role

ADMINISTRATOR = f"demo@{DOMAIN}"
COLLEAGUE = f"tomas.lindqvist@{DOMAIN}"
INVITED = f"hannah.weber@{DOMAIN}"
TEAM = (
    (30, COLLEAGUE, "Tomas Lindqvist", Role.ADMINISTRATOR),
    (27, f"maya.okafor@{DOMAIN}", "Maya Okafor", Role.MEMBER),
    (18, "studio@brightline.example", "Brightline Studio", Role.PARTNER),
)
"""Days since they joined, address, name, role."""

CHANGED = "(as you have set it)"
PASSWORD_LENGTH = 16


START_DAYS = 31


def administrator(now: datetime) -> tuple[User, str]:
    """The demo's administrator and their password: made once, and kept in `VAR_DIR` to be shown at every start."""
    password = _kept_password(settings.VAR_DIR / "demo_password")
    user = User.objects.filter(email=ADMINISTRATOR).first()
    if user is not None:
        return user, password if user.check_password(password) else CHANGED
    with clock.at(clock.day(now, START_DAYS, "administrator")):
        user = accounts.create_user(actor=OPERATOR, email=ADMINISTRATOR, password=password, name="Dana Whitfield")
    return user, password


def project_of(administrator: User, now: datetime) -> Project:
    """The demo's project: the one of this name that the administrator is in, else a new one."""
    membership = Membership.objects.filter(user=administrator, project__name=PROJECT).select_related("project").first()
    if membership is not None:
        return membership.project
    with clock.at(clock.day(now, START_DAYS, "administrator")):
        return projects.create_project(actor=OPERATOR, name=PROJECT, catalogue="boltcall", admin=administrator)


def team(project: Project, administrator: User, now: datetime) -> None:
    """Colleagues who joined in the first days, and a partner."""
    actor, start = actor_of(administrator), clock.day(now, START_DAYS, "administrator")
    Project.objects.filter(pk=project.pk).update(created_at=start)
    Membership.objects.filter(project=project, user=administrator).update(created_at=start)
    for days, email, name, role in TEAM:
        joined = clock.day(now, days, email)
        with clock.at(joined):
            user = User.objects.filter(email=email).first()
            user = user or accounts.create_user(actor=actor, email=email, name=name)
            membership = projects.add_member(actor=actor, project=project, user=user, role=role)
        Membership.objects.filter(pk=membership.pk).update(created_at=joined)


def invite(project: Project, administrator: User, now: datetime) -> None:
    """Somebody who has not answered yet."""
    with clock.at(now - timedelta(hours=20)):
        invitations.invite(actor=actor_of(administrator), project=project, email=INVITED, role=Role.MEMBER)


def is_complete(project: Project) -> bool:
    """Whether the demo was made to its end: the invitation comes last, and stays when it has been answered."""
    return Invitation.objects.filter(project=project, email=INVITED).exists()


def actor_of(user: User) -> Actor:
    return Actor("user", str(user.pk), user.email, "192.0.2.10")


def _kept_password(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(random_text(PASSWORD_LENGTH))
    return path.read_text().strip()
