"""Where somebody's own keys reach, and what they may do there at this moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apps.accounts.models import User
from apps.core import grants
from apps.core.catalogue import Catalogue
from apps.dashboard.keys.words import Permission, permissions
from apps.dashboard.matrix import Matrix, matrix
from apps.projects import catalogues, queries
from apps.projects.models import Membership, Role
from apps.projects.queries import scopes_of


@dataclass(frozen=True, slots=True)
class Place:
    """A project that the user is in. `scopes`: all that the user may do there, with what is implied."""

    membership: Membership
    catalogue: Catalogue
    scopes: frozenset[str]

    @property
    def is_everything(self) -> bool:
        return self.membership.role == Role.ADMINISTRATOR

    @property
    def permissions(self) -> list[Permission]:
        return permissions(self.catalogue, self.scopes)


def places(user: User) -> list[Place]:
    """All of them by the names of the projects, in two queries."""
    return [_place(membership) for membership in queries.reach_of(user)]


def offered(reached: Iterable[Place]) -> Matrix:
    """What a key could be narrowed to: all that the user may do in any of the projects."""
    found = list(reached)
    return matrix((place.catalogue for place in found), {scope for place in found for scope in place.scopes})


def _place(membership: Membership) -> Place:
    catalogue = catalogues.get(membership.project.catalogue)
    is_everything = membership.role == Role.ADMINISTRATOR
    own = frozenset(catalogue.scopes) if is_everything else grants.expand(catalogue, scopes_of(membership))
    return Place(membership, catalogue, own)
