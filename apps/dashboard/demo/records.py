"""The records of the demo: what a telephone reception collects in thirty days."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.core.actor import Actor
from apps.core.times import rfc3339
from apps.dashboard.demo import clock
from apps.dashboard.demo.words import (
    CITIES,
    CLIENTS,
    DOMAIN,
    FIRST_NAMES,
    LAST_NAMES,
    PROVIDERS,
    ROLES,
    SOURCES,
    SUMMARIES,
    TOPICS,
    VOICES,
    WISHES,
)
from apps.keys.models import Key
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import service
from apps.records.models import Record

OFFICE_HOURS = (8, 9, 9, 10, 10, 10, 11, 11, 12, 13, 14, 14, 15, 15, 16, 17)


@dataclass(frozen=True, slots=True)
class Row:
    """A record to be, and when it came in."""

    at: datetime
    data: dict[str, object]


def make(project: Project, keys: Mapping[str, Key], administrator: Actor, now: datetime) -> None:
    """All records, each by the key or person that would have made it. A resource that has records is left alone."""
    makers: tuple[tuple[str, Actor, Callable[[datetime], Iterator[Row]]], ...] = (
        ("calls", _key(keys["Telephony bridge"]), _calls),
        ("leads", _key(keys["Website lead form"]), _leads),
        ("agents", administrator, _agents),
        ("contacts", _key(keys["CRM sync"]), _contacts),
        ("knowledge_base", _key(keys["Knowledge base editor"]), _articles),
        ("integrations", administrator, _integrations),
    )
    for slug, actor, rows in makers:
        if not Record.objects.filter(project=project, resource=slug).exists():
            _store(project, slug, actor, sorted(rows(now), key=lambda row: row.at))


def _store(project: Project, slug: str, actor: Actor, rows: list[Row]) -> None:
    resource = catalogues.get(project.catalogue).resources[slug]
    for row in rows:
        with clock.at(row.at):
            service.create_record(actor=actor, project_id=project.id, resource=resource, data=row.data)


def _key(key: Key) -> Actor:
    return Actor("key", key.id, key.name, "198.51.100.21")


def _moments(chance: random.Random, count: int, now: datetime, days: int = 29) -> list[datetime]:
    """Moments of the last days, in office hours, few on weekends, the oldest first."""
    moments: list[datetime] = []
    while len(moments) < count:
        day = now - timedelta(days=chance.uniform(0, days))
        moment = day.replace(hour=chance.choice(OFFICE_HOURS), minute=chance.randrange(60), second=chance.randrange(60))
        if moment < now and (moment.weekday() < 5 or chance.random() < 0.2):
            moments.append(moment)
    return sorted(moments)


def _person(chance: random.Random) -> tuple[str, str]:
    """A name, and the address of a mailbox that cannot exist."""
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    plain = f"{first}.{last}".lower().translate(str.maketrans("áë", "ae", "'"))
    return f"{first} {last}", f"{plain}@{chance.choice(('mail', 'post', 'home'))}.example"


def _phone(chance: random.Random) -> str:
    """From the numbers that Ofcom sets aside for drama."""
    area = chance.choice(("20 7946 0", "117 496 0", "113 496 0", "141 496 0", "161 496 0"))
    return f"+44 {area}{chance.randrange(1000):03}"


def _calls(now: datetime) -> Iterator[Row]:
    chance = clock.chance("calls")
    for number, started in enumerate(_moments(chance, 140, now), start=1):
        inbound = chance.random() < 0.8
        status = chance.choices(("completed", "missed", "voicemail", "failed"), (78, 11, 8, 3))[0]
        answered = status in ("completed", "voicemail")
        seconds = round(chance.triangular(25, 620, 140)) if answered else 0
        agent = f"{'Reception' if inbound else 'Follow-up'}, {chance.choice(CLIENTS)}"
        yield Row(
            min(started + timedelta(seconds=seconds + 2), now),
            {
                "direction": "inbound" if inbound else "outbound",
                "from": _phone(chance),
                "to": _phone(chance),
                "started_at": rfc3339(started.replace(microsecond=0)),
                "duration_seconds": seconds,
                "status": status,
                "agent": agent,
                "recording_url": f"https://recordings.{DOMAIN}/{started:%Y/%m}/{number:05}.ogg" if answered else None,
                "summary": chance.choice(SUMMARIES) if answered else None,
            },
        )


def _leads(now: datetime) -> Iterator[Row]:
    chance = clock.chance("leads")
    moments = _moments(chance, 64, now)
    for number, at in enumerate(moments):
        name, email = _person(chance)
        # The older a lead, the further it has come.
        weights = (1, 3, 3, 3, 3) if number < len(moments) // 2 else (8, 4, 2, 1, 1)
        yield Row(
            at,
            {
                "name": name,
                "email": email,
                "phone": _phone(chance),
                "company": f"{name.split()[-1]} {chance.choice(('Ltd', 'Partners', 'Studio', 'Group', '& Co'))}",
                "source": chance.choice(SOURCES),
                "status": chance.choices(("new", "contacted", "qualified", "won", "lost"), weights)[0],
                "value": chance.choice((480, 600, 950, 1200, 1800, 2400, 3600.5)),
                "callback_at": rfc3339((at + timedelta(days=2)).replace(microsecond=0))
                if chance.random() < 0.4
                else None,
                "notes": chance.choice(WISHES) if chance.random() < 0.7 else None,
            },
        )


def _contacts(now: datetime) -> Iterator[Row]:
    chance = clock.chance("contacts")
    for at in _moments(chance, 60, now, days=25):
        name, email = _person(chance)
        yield Row(
            at,
            {
                "name": name,
                "email": email,
                "phone": _phone(chance),
                "company": chance.choice(CLIENTS) if chance.random() < 0.5 else None,
                "city": chance.choice(CITIES),
                "language": chance.choices(("en-GB", "pl-PL", "fr-FR", "es-ES"), (80, 8, 6, 6))[0],
                "do_not_call": chance.random() < 0.08,
                "last_contacted_at": rfc3339(at.replace(microsecond=0)),
            },
        )


def _agents(now: datetime) -> Iterator[Row]:
    chance = clock.chance("agents")
    moments = iter(_moments(chance, len(CLIENTS) * len(ROLES), now, days=28))
    for client in CLIENTS:
        for role, greeting in ROLES:
            yield Row(
                next(moments),
                {
                    "name": f"{role}, {client}",
                    "status": "active" if chance.random() < 0.9 else "paused",
                    "phone": _phone(chance),
                    "language": "en-GB",
                    "voice": chance.choice(VOICES),
                    "greeting": greeting.format(client=client),
                    "max_call_minutes": chance.choice((10, 15, 20)),
                    "transfer_to": _phone(chance) if role == "Reception" else None,
                },
            )


def _articles(now: datetime) -> Iterator[Row]:
    chance = clock.chance("articles")
    moments = iter(_moments(chance, 4 * len(TOPICS), now, days=9))
    for client in CLIENTS[:4]:
        for title, content in TOPICS:
            at = next(moments)
            yield Row(
                at,
                {
                    "title": f"{title}: {client}",
                    "content": content,
                    "category": client,
                    "language": "en-GB",
                    "status": chance.choices(("published", "draft", "archived"), (82, 13, 5))[0],
                    "source_url": f"https://wiki.{DOMAIN}/{title.lower().replace(' ', '-')}",
                    "reviewed_on": at.date().isoformat(),
                },
            )


def _integrations(now: datetime) -> Iterator[Row]:
    chance = clock.chance("integrations")
    moments = iter(_moments(chance, len(CLIENTS) * len(PROVIDERS), now, days=17))
    for client in CLIENTS:
        for provider in PROVIDERS:
            at = next(moments)
            yield Row(
                at,
                {
                    "name": f"{provider}, {client}",
                    "provider": provider,
                    "status": chance.choices(("connected", "paused", "failed"), (86, 8, 6))[0],
                    "account": f"office@{client.split()[0].lower()}.example",
                    "url": f"https://{provider.split()[0].lower()}.example/oauth",
                    "sync_minutes": chance.choice((5, 15, 60)),
                    "connected_at": rfc3339(at.replace(microsecond=0)),
                },
            )
