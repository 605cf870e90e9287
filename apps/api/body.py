"""The members of a body that is no record: known by name and kind, each checked, the others ignored or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework.request import Request

from apps.api import preferences
from apps.api.views import body_of
from apps.core.errors import FieldError, Invalid
from apps.core.fields import pointer

_KINDS: Mapping[str, tuple[type, str]] = {
    "text": (str, "text"),
    "flag": (bool, "true or false"),
    "integer": (int, "a whole number"),
    "texts": (list, "a list of text"),
}


@dataclass(frozen=True, slots=True)
class Body:
    """`given` has the members that were sent and are not null; `ignored` the names that mean nothing here."""

    given: Mapping[str, Any]
    ignored: tuple[str, ...]

    def get(self, name: str, default: Any = None) -> Any:
        return self.given.get(name, default)


def read(request: Request, kinds: Mapping[str, str], required: Sequence[str] = ()) -> Body:
    """The body, whose members are of `kinds` (`text`, `flag`, `integer`, `texts`). No body at all is an empty one.

    Raises `Invalid` with each member that is of another kind, or required and missing, or, if strict, unknown.
    """
    data: Mapping[str, Any] = body_of(request) if request.stream is not None or required else {}
    given = {name: _plain(value) for name, value in data.items() if name in kinds and value is not None}
    ignored = tuple(name for name in data if name not in kinds)
    errors = [FieldError(pointer(name), "This is needed.", "required") for name in required if name not in given]
    errors += [_wrong(name, kinds[name]) for name, value in given.items() if not _is(value, kinds[name])]
    if preferences.is_strict(request):
        detail = "There is no such field. Names count exactly, case and all."
        errors += [FieldError(pointer(name), detail, "unknown_field") for name in ignored]
    if errors:
        raise Invalid(errors)
    return Body(given, ignored)


def _is(value: object, kind: str) -> bool:
    expected, _ = _KINDS[kind]
    if kind == "texts":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, expected) and not (expected is int and isinstance(value, bool))


def _plain(value: object) -> object:
    """1.0 is an integer: JSON has one kind of number, and JSON Schema 2020-12 §6.1.1 counts it as one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _wrong(name: str, kind: str) -> FieldError:
    return FieldError(pointer(name), f"It must be {_KINDS[kind][1]}.", "type")
