"""Who sees a board, and who moves its cards: the permissions on the records, as for keys of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.http import Http404, HttpRequest

from apps.core.catalogue import Catalogue
from apps.core.fields import Field
from apps.core.resources import Resource
from apps.dashboard.access import Access, Forbidden, project_for, usable
from apps.projects.models import Membership
from apps.projects.policy import Right
from apps.records import board, schema

SEE, MOVE = "GET", "PATCH"
"""What is done with the records, as the API has it: whoever may list them sees the board."""


@dataclass(frozen=True)
class Opened:
    """A way in to the board of a resource."""

    access: Access
    resource: Resource
    is_mover: bool

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        return schema.fields_of(self.access.project.id, self.resource)

    @cached_property
    def stages(self) -> Field | None:
        """The field whose options are the columns; None when there is none at present."""
        return board.stage_of(self.fields, self.resource)

    @property
    def one(self) -> str:
        """One of the records, as people say it."""
        return self.resource.singular.replace("_", " ")


def board_for(request: HttpRequest, slug: str, name: str, doing: str = SEE) -> Opened:
    """The board of the resource called `name`; 404 for outsiders and where there is none, 403 for members who may not.

    Whoever moves cards has to see them: the answer shows the board.
    """
    access = project_for(request, slug, Right.PROJECT_VIEW)
    resource = access.catalogue.resources.get(name)
    if resource is None or not resource.board:
        raise Http404
    for needed in dict.fromkeys((SEE, doing)):
        if not may(access.membership, access.catalogue, resource, needed):
            raise Forbidden(access.project, Right.PROJECT_VIEW, _words(resource, needed))
    is_mover = board.is_movable(resource) and may(access.membership, access.catalogue, resource, MOVE)
    return Opened(access, resource, is_mover)


def may(membership: Membership, catalogue: Catalogue, resource: Resource, method: str) -> bool:
    """Whether the member may do this with the records. One query, but for administrators."""
    return resource in usable(membership, catalogue, method)


def _words(resource: Resource, method: str) -> str:
    action = resource.action_for(method)
    return f"{resource.label}: {action.label if action else method}"
