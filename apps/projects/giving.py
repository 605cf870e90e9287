"""What a key can hand on to people: no role that runs the project, and no permission that it does not have itself.

A person outlives the key that let them in. So who runs a project is decided by people alone: no key, not even an
unrestricted one, makes an administrator, changes one or removes one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from apps.core.errors import Refused
from apps.projects.models import Role

EXCEEDS = "exceeds_own"


@dataclass(frozen=True, slots=True)
class Giving:
    """`scopes`: with all that they imply. `roles`: those that can be given; that of an administrator never is."""

    scopes: frozenset[str]
    roles: frozenset[str]

    def check_reach(self, role: str) -> None:
        """Raises `Refused` for a person, or an invitation, with this role that people alone may change."""
        if role == Role.ADMINISTRATOR:
            raise Refused("A key can neither change nor remove an administrator. Let an administrator do it.", EXCEEDS)

    def check(self, before: str, role: str, held: Collection[str], scopes: Collection[str]) -> None:
        """Raises `Refused` when the key cannot lead from one role and what is `held` to the other role and scopes.

        What is there already is not given by whoever writes it again, or takes a part of it away.
        """
        self.check_reach(before)
        if role == Role.ADMINISTRATOR:
            raise Refused("A key can make nobody an administrator. Let an administrator do it.", EXCEEDS)
        if role not in {before, *self.roles}:
            raise Refused("The key of a partner can give the role partner only.", EXCEEDS)
        lacking = [scope for scope in scopes if scope not in self.scopes and scope not in held]
        if lacking:
            raise Refused(f"A key cannot give what it does not have itself: {', '.join(lacking)}.", EXCEEDS)


Ask = Callable[[], Giving]
"""Asked inside the transaction, so that a key that has just ended, or lost something, gives nothing any more."""
