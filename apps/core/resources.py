"""Resources of a catalogue, and the actions on them: which one does a request need?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.core.fields import Field

METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE")
"""What can be done with records. PUT is none: a record is changed by PATCH, and what else PUT does is an operation."""

KINDS = ("records", "analytics", "management")

MANAGEMENT_OPERATIONS = (
    *("keys.list", "keys.read", "keys.usage", "keys.create", "keys.delete", "keys.revoke", "keys.rotate"),
    "scopes.list",
    *("webhooks.list", "webhooks.read", "webhooks.deliveries"),
    *("webhooks.create", "webhooks.update", "webhooks.delete", "webhooks.test", "webhooks.rotate"),
    *("members.list", "members.read", "members.create", "members.update", "members.delete"),
)
"""The product's own endpoints that a key can be let in to, by a resource of the kind `management`."""


@dataclass(frozen=True, slots=True)
class Action:
    """What a key may do with a resource. `implies`: the slugs of actions that come with it, as written."""

    slug: str
    label: str
    description: str
    methods: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()
    implies: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Group:
    """A heading over resources."""

    slug: str
    label: str


@dataclass(frozen=True, slots=True)
class Resource:
    """`singular` begins the names of events (`lead.created`); `group` is a slug or "".

    `kind`: `records` are stored, `analytics` are computed from them, `management` has neither and guards
    endpoints of the product itself. `fields` are those that a project starts with; `dynamic`: administrators may
    change them. `board`: the name of the single choice among them whose options are the columns of a board, or "".
    """

    slug: str
    label: str
    singular: str
    description: str
    group: str
    kind: str
    actions: tuple[Action, ...]
    fields: tuple[Field, ...]
    dynamic: bool
    board: str = ""
    _by_slug: Mapping[str, Action] = field(init=False, repr=False, compare=False)
    _by_method: Mapping[str, Action] = field(init=False, repr=False, compare=False)
    _by_operation: Mapping[str, Action] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_slug", {a.slug: a for a in self.actions})
        object.__setattr__(self, "_by_method", {m: a for a in self.actions for m in a.methods})
        object.__setattr__(self, "_by_operation", {o: a for a in self.actions for o in a.operations})

    def action(self, slug: str) -> Action | None:
        return self._by_slug.get(slug)

    def action_for(self, method: str, operation: str | None = None) -> Action | None:
        """The action that a request needs: the one covering `operation` if one is given, else `method` (`GET`).

        None: nobody may do it. An unknown operation never falls back to its method.
        """
        if operation is not None:
            return self._by_operation.get(operation)
        return self._by_method.get(method)

    @property
    def methods(self) -> frozenset[str]:
        """The methods that any action covers."""
        return frozenset(self._by_method)

    @property
    def operations(self) -> frozenset[str]:
        """The operations that any action covers."""
        return frozenset(self._by_operation)

    def implied(self, slug: str) -> frozenset[str]:
        """The slugs of the action and of all that it implies, also by way of others."""
        reached: set[str] = set()
        waiting = [slug]
        while waiting:
            current = waiting.pop()
            if current not in reached:
                reached.add(current)
                waiting.extend(self._by_slug[current].implies)
        return frozenset(reached)
