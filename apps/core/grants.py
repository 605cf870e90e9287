"""What a key may do, as a set of scopes (`leads:read`), judged against a catalogue."""

from __future__ import annotations

from collections.abc import Iterable
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


def expand(catalogue: Catalogue, scopes: Iterable[str]) -> frozenset[str]:
    """The scopes with all that they imply (in `voice`, write includes read)."""
    return frozenset(implied for scope in scopes for implied in catalogue.implied(scope))


def all_scopes(catalogue: Catalogue) -> frozenset[str]:
    """Everything: what an unrestricted key and an administrator may do, now and after the catalogue grows."""
    return frozenset(catalogue.scopes)
