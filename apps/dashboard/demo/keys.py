"""The keys of the demo: in use, about to expire, expired, revoked, deleted; and the one for the first call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.accounts.models import User
from apps.core.actor import OPERATOR
from apps.dashboard.demo import clock
from apps.dashboard.demo.people import COLLEAGUE, actor_of
from apps.keys import service
from apps.keys.models import Key
from apps.keys.service import NewKey
from apps.projects import catalogues
from apps.projects.models import Project

QUICKSTART = "Quickstart"


@dataclass(frozen=True, slots=True)
class Plan:
    """A key and its use. Days count back from now; `expires` may be negative: so many days ahead.

    `rhythm`: how it is used, see `usage.RHYTHMS`; `busy`: requests in its busiest hours. `ended`: days since it was
    revoked, for `reason`. `attempts`: requests since its end.
    """

    name: str
    scopes: str
    made: int
    rhythm: str
    busy: int
    agent: str
    ip: str
    by_colleague: bool = False
    expires: int | None = None
    limit: int | None = None
    networks: tuple[str, ...] = ()
    ended: int | None = None
    reason: str = ""
    attempts: int = 0
    stranger: str = ""


PLANS = (
    Plan(
        "Telephony bridge", "calls:write leads:write", 29, "calls", 46,
        "northwind-bridge/3.2", "198.51.100.21", limit=600, networks=("198.51.100.0/24",),
    ),
    Plan("Website lead form", "leads:write", 28, "office", 9, "form-relay/1.4 (Linux)", "203.0.113.40"),
    Plan(
        "CRM sync", "leads:read leads:write contacts:read contacts:write", 26, "sync", 24,
        "hubspot-sync/2.8 python-requests/2.32", "203.0.113.77", by_colleague=True, limit=300,
    ),
    Plan(
        "Reporting dashboard", "calls:read leads:read analytics:read", 24, "morning", 30,
        "Metabase/0.52", "198.51.100.66", expires=-5,
    ),
    Plan("Recording archive", "calls:read", 21, "nightly", 180, "archive-job/1.0", "198.51.100.23", limit=300),
    Plan(
        "Calendar bridge", "integrations:read integrations:write contacts:read", 17, "office", 14,
        "calendar-bridge/0.9 node", "203.0.113.90", by_colleague=True, expires=-60,
    ),
    Plan(
        "Knowledge base editor", "knowledge_base:read knowledge_base:write agents:read", 9, "office", 4,
        "kb-desk/5.1", "192.0.2.14",
    ),
    Plan("Partner portal trial", "contacts:read agents:read", 2, "never", 0, "", "", by_colleague=True, expires=-2),
    Plan(
        "Trade fair tablet", "leads:write", 20, "office", 6, "LeadCapture/2.0 (iPad)", "203.0.113.18",
        expires=6, attempts=12, stranger="203.0.113.18",
    ),
    Plan(
        "Data migration", "contacts:read contacts:write leads:write", 28, "nightly", 420,
        "migrate.py python-requests/2.31", "192.0.2.30", expires=22, limit=600,
    ),
    Plan(
        "Old website form", "leads:write", 30, "office", 8, "form-relay/1.1 (Linux)", "203.0.113.39",
        ended=27, reason="replaced", attempts=214, stranger="203.0.113.39",
    ),
    Plan(
        "Agency test key", "leads:read contacts:read", 25, "office", 5, "PostmanRuntime/7.43", "203.0.113.120",
        by_colleague=True, ended=8, reason="leaked", attempts=61, stranger="192.0.2.200",
    ),
    Plan("Intern notebook", "analytics:read", 23, "never", 0, "", "", ended=11, reason="unused"),
    Plan(
        "Previous phone provider", "calls:write", 30, "calls", 20, "vox-connect/1.9", "192.0.2.77",
        ended=26, reason="Contract ended; numbers moved to the telephony bridge", attempts=3, stranger="192.0.2.77",
    ),
)  # fmt: skip


def make(project: Project, administrator: User, now: datetime) -> dict[str, Key]:
    """The keys by name. One that was made before, by a start that was cut off, is taken as it is."""
    made = {key.name: key for key in project.keys.exclude(name=QUICKSTART)}
    for plan in PLANS:
        if plan.name not in made:
            made[plan.name] = _make(plan, project, administrator, now)
    return made


def _make(plan: Plan, project: Project, administrator: User, now: datetime) -> Key:
    colleague = User.objects.get(email=COLLEAGUE)
    actor = actor_of(colleague if plan.by_colleague else administrator)
    expires_at = None if plan.expires is None else clock.day(now, plan.expires, f"end of {plan.name}")
    with clock.at(clock.day(now, plan.made, plan.name)):
        key = service.create_key(
            actor=actor,
            project=project,
            name=plan.name,
            scopes=plan.scopes.split(),
            expires_at=expires_at,
            rate_limit=plan.limit,
            allowed_ips=plan.networks,
        ).key
    if plan.ended is not None:
        with clock.at(clock.day(now, plan.ended, f"end of {plan.name}")):
            return service.revoke_key(actor=actor, key=key, reason=plan.reason)
    if expires_at is not None and expires_at < now:
        with clock.at(expires_at + timedelta(seconds=1)):
            service.record_expired(now=expires_at + timedelta(seconds=1))
    return key


def fresh_quickstart(project: Project) -> NewKey:
    """A key that may read everything, in place of that of the last start: only the terminal has its secret."""
    for key in project.keys.filter(name=QUICKSTART, revoked_at=None, deleted_at=None):
        service.revoke_key(actor=OPERATOR, key=key, reason="replaced")
    scopes = [scope for scope in catalogues.get(project.catalogue).scopes if scope.endswith(":read")]
    return service.create_key(actor=OPERATOR, project=project, name=QUICKSTART, scopes=scopes)
