"""What a key may do, as a set of scopes (`leads:read`), judged against a catalogue."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from apps.core.errors import FieldError, Invalid, invalid

if TYPE_CHECKING:
    from apps.core.catalogue import Catalogue


def parse_scopes(catalogue: Catalogue, scopes: object, *, pointer: str = "/scopes") -> tuple[str, ...]:
    """The scopes, each once, in the catalogue's order.

    Raises `Invalid` when it is not a list of text, is empty, or names what the catalogue does not have.
    """
    if not isinstance(scopes, (list, tuple, set, frozenset)):
        raise invalid(pointer, "Permissions must be a list of scopes such as leads:read.", "type")
    given = list(scopes)
    known = set(catalogue.scopes)
    errors = [_unknown(catalogue, f"{pointer}/{i}", scope) for i, scope in enumerate(given) if _bad(scope, known)]
    if errors:
        raise Invalid(errors)
    if not given:
        raise invalid(pointer, "Choose at least one permission.", "required")
    return tuple(scope for scope in catalogue.scopes if scope in set(given))


def _bad(scope: object, known: set[str]) -> bool:
    return not isinstance(scope, str) or scope not in known


def _unknown(catalogue: Catalogue, pointer: str, scope: object) -> FieldError:
    shown = ascii(scope)[:60]
    detail = f"{shown} is not a permission of {catalogue.label}. It has: {', '.join(catalogue.scopes)}."
    return FieldError(pointer, detail, "unknown_scope")


def permits(catalogue: Catalogue, scopes: Collection[str], wanted: str) -> bool:
    """Whether the scopes cover the wanted one, by themselves or by what they imply (`write` may include `read`)."""
    return wanted in scopes or any(wanted in catalogue.implied(scope) for scope in scopes)


def expand(catalogue: Catalogue, scopes: Collection[str]) -> frozenset[str]:
    """The scopes with all that they imply."""
    return frozenset(scope for scope in catalogue.scopes if permits(catalogue, scopes, scope))
