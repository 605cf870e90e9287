"""The request that a proxy asks about: which resource its path names, and which action it needs.

    /leads            the method tells the action
    /leads/42         the method, but not POST: that is more than a method, and needs a name
    /templates/sync   an operation, as the catalogue names it
    /leads/42/notes   an operation on one record

Nothing else is let through: whatever the gate cannot read, or could read in two ways, it refuses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.core.resources import METHODS, Action, Resource

_PATH = re.compile(r"(?:/[A-Za-z0-9_~@+-][A-Za-z0-9_~@+.-]{0,199}){1,3}/?")
"""No percent sign, semicolon, backslash or empty segment, and none that begins with a dot: two programs may read those
differently. No comma, by which servers join a header that came twice."""

_OPERATED = frozenset({*METHODS, "PUT"})

_READING = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Original:
    """`below`: the segments after the resource, at most two."""

    resource: str
    below: tuple[str, ...] = ()


def read(uri: str, prefix: str = "") -> Original | None:
    """What the path of `uri` names below `prefix` (`/api/v2`); None when it names nothing, or not beyond doubt.

    The query is not looked at; one slash at the end makes no difference.
    """
    path = uri.partition("?")[0]
    if prefix:
        if not path.startswith(prefix + "/"):
            return None
        path = path[len(prefix) :]
    if not _PATH.fullmatch(path):
        return None
    resource, *below = path.strip("/").split("/")
    return Original(resource, tuple(below))


def action_for(resource: Resource, method: str, below: tuple[str, ...]) -> Action | None:
    """The action that `method` on `/resource/below` needs; None: nobody may do it.

    A second segment with the name of an operation could also be the ID of a record. POST means the operation; for the
    other methods both readings have to need the same action.
    """
    by_method = resource.action_for(method)
    if not below:
        return by_method
    if len(below) > 1 or method == "POST":
        return _named(resource, method, below[-1])
    return by_method if _operated(resource, method, below[-1]) <= {by_method} else None


def _named(resource: Resource, method: str, name: str) -> Action | None:
    """The action of the operation `name`; reading takes `name.list` where the catalogue has it."""
    if method not in _OPERATED or "." in name:
        return None
    if method in _READING:
        reading = resource.action_for(method, f"{name}.list")
        if reading is not None:
            return reading
    return resource.action_for(method, name)


def _operated(resource: Resource, method: str, segment: str) -> set[Action | None]:
    """The actions of all operations that a router may take `segment` for: some read `/sync.json` as `/sync` in a format
    to choose (Django REST framework, Rails), others do not look at case (Express, ASP.NET)."""
    name = _plain(segment)
    alike = {operation for operation in resource.operations if _plain(operation) == name}
    lists = {operation for operation in alike if operation.endswith(".list")}
    meant = (lists or alike) if method in _READING else alike - lists
    return {resource.action_for(method, operation) for operation in meant}


def _plain(name: str) -> str:
    return name.partition(".")[0].lower()
