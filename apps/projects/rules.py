"""What a project, a membership and an invitation must be like."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils.text import slugify

from apps.core import grants, text
from apps.core.actor import Actor
from apps.core.errors import invalid
from apps.projects import catalogues
from apps.projects.models import Environment, Project, Role

INVITATION_LIFE = timedelta(days=7)
SLUG_MAX = 50


def clean_name(name: object) -> str:
    """1 to 80 characters, visible, on one line."""
    return text.clean_name(name, what="name of the project")


def clean_catalogue(slug: object) -> str:
    """The slug of a catalogue of this installation."""
    known = catalogues.load()
    if not isinstance(slug, str) or slug not in known:
        raise invalid("/catalogue", f"There is no such catalogue. There are: {', '.join(sorted(known))}.", "unknown")
    return slug


def clean_environment(environment: object) -> Environment:
    if environment not in Environment.values:
        raise invalid("/environment", "The environment is live or test.", "choice")
    return Environment(environment)


def clean_role(role: object) -> Role:
    if role not in Role.values:
        raise invalid("/role", "The role is administrator, member or partner.", "choice")
    return Role(role)


def clean_grants(project: Project, scopes: Iterable[str]) -> tuple[str, ...]:
    """The scopes in the catalogue's order; none is fine: the member then has no key rights of their own."""
    given = list(scopes)
    if not given:
        return ()
    return grants.parse_scopes(catalogues.get(project.catalogue), given, pointer="/grants")


def known_grants(project: Project, scopes: Iterable[str]) -> tuple[str, ...]:
    """Of scopes that were written down earlier, those that the catalogue still has."""
    given = set(scopes)
    return tuple(scope for scope in catalogues.get(project.catalogue).scopes if scope in given)


def inviter(actor: Actor) -> str:
    """Who invites, as the mail says it."""
    return (f"The API key “{actor.label}”" if actor.kind == "key" else actor.label)[:254]


def slug_base(name: str) -> str:
    """What the slug of a project starts with. Never empty, and without `_`, so that no slug looks like an ID."""
    return slugify(name).replace("_", "-")[:SLUG_MAX].strip("-") or "project"
