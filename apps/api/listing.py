"""The query of a list: `?limit=&cursor=&order=&updated_since=` and a filter by each field."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from django.http import QueryDict

from apps.core.errors import FieldError, Invalid, invalid
from apps.core.fields import Field
from apps.core.secret import redact
from apps.core.times import parse_moment
from apps.core.values import parse_query
from apps.records import cursor as cursors
from apps.records.queries import Listing

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
DEFAULT_ORDER = "-created_at"

PARAMETERS = ("limit", "cursor", "order", "updated_since")

T = TypeVar("T")

Filters = list[tuple[Field, object]]


@dataclass(frozen=True, slots=True)
class Query:
    """The listing that was asked for, and the names in the query that mean nothing here."""

    listing: Listing
    ignored: tuple[str, ...]


def read(params: QueryDict, fields: Sequence[Field], *, strict: bool) -> Query:
    """Raises `Invalid` with the pointer `?name` for each parameter that is faulty, double or, if strict, unknown."""
    errors: list[FieldError] = []
    filters, ignored = _filters(params, fields, PARAMETERS, strict, errors)
    limit = _checked(_limit, params, "limit", errors) or DEFAULT_LIMIT
    cursor = _checked(cursors.decode, params, "cursor", errors)
    since = _checked(_moment, params, "updated_since", errors)
    order = _checked(_order, params, "order", errors) or _default_order(since)
    if cursor and "order" in params and cursor.order != order:
        ignored += ("order",)
        errors += _other_order(strict)
    if errors:
        raise Invalid(errors)
    return Query(Listing(limit, cursor.order if cursor else order, cursor, since, filters), ignored)


def read_filters(params: QueryDict, fields: Sequence[Field], *, strict: bool) -> tuple[Filters, tuple[str, ...]]:
    """The typed values by field of a list that has filters alone, and the names that mean nothing."""
    errors: list[FieldError] = []
    filters, ignored = _filters(params, fields, (), strict, errors)
    if errors:
        raise Invalid(errors)
    return filters, ignored


def _filters(
    params: QueryDict, fields: Sequence[Field], known: Sequence[str], strict: bool, errors: list[FieldError]
) -> tuple[Filters, tuple[str, ...]]:
    by_name = {field.name: field for field in fields}
    ignored = tuple(redact(name) for name in params if name not in by_name and name not in known)
    if strict:
        errors += [FieldError(f"?{name}", "There is no such parameter.", "unknown_parameter") for name in ignored]
    # One reader takes the first of two, another the last: neither is right.
    errors += [
        FieldError(f"?{redact(name)}", "Give it once.", "duplicate") for name, given in params.lists() if len(given) > 1
    ]
    filters = []
    for field in (by_name[name] for name in params if name in by_name):
        value = _checked(partial(_value, field), params, field.name, errors)
        filters.append((field, value))
    return filters, ignored


def _checked(read: Callable[[str], T], params: QueryDict, name: str, errors: list[FieldError]) -> T | None:
    """The parameter as `read` reads it; None when it was not given, or is faulty, which is added to `errors`."""
    if name not in params:
        return None
    try:
        return read(str(params[name]))
    except Invalid as fault:
        errors.extend(fault.errors)
        return None


def _limit(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise invalid("?limit", f"Give a whole number from 1 to {MAX_LIMIT}.", "range")
    return int(text)


def _other_order(strict: bool) -> list[FieldError]:
    """A list that has begun goes on as it began."""
    told = "The cursor is of a list in another order. Leave order out, or begin again without the cursor."
    return [FieldError("?order", told, "cursor")] if strict else []


def _default_order(since: datetime | None) -> str:
    """Who asks for what has changed wants to ask on from there: what changes meanwhile is to come at the end."""
    return "updated_at" if since else DEFAULT_ORDER


def _order(text: str) -> str:
    if text not in cursors.ORDERS:
        raise invalid("?order", f"Give one of: {', '.join(cursors.ORDERS)}.", "choice")
    return text


def _moment(text: str) -> datetime:
    return parse_moment(_with_plus(text), pointer="?updated_since")


def _value(field: Field, text: str) -> object:
    return parse_query(field, _with_plus(text) if field.type == "date_time" else text)


def _with_plus(text: str) -> str:
    """The `+` of a zone that was not escaped arrives as a space."""
    return re.sub(r" (?=[0-9]{2}:[0-9]{2}$)", "+", text)
