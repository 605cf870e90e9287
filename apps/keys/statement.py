"""A query that the ORM words once: to do so each time takes longer than the database does for the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet


class _Worded(NamedTuple):
    """`converters`: by column, what makes Python's values of the database's."""

    sql: str
    converters: dict[int, tuple[list[Callable[..., Any]], Any]]


class Statement:
    """`query` gives the queryset, filtered by one value, which is bytes: those need no word of the ORM."""

    def __init__(self, names: Sequence[str], query: Callable[[bytes], QuerySet[Any]]) -> None:
        self._names, self._query = names, query
        self._worded = cache(self._word)

    def rows(self, value: bytes) -> list[dict[str, Any]]:
        """What `query(value).values(*names)` would give."""
        connection = connections[DEFAULT_DB_ALIAS]
        worded = self._worded(connection.vendor)
        with connection.cursor() as cursor:
            cursor.execute(worded.sql, (value,))
            found = cursor.fetchall()
        return [self._read(row, worded, connection) for row in found]

    def _word(self, vendor: str) -> _Worded:
        """For the database that is in use, whose `vendor` tells it from another one in the cache."""
        rows = self._query(b"").values_list(*self._names)
        compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, _ = compiler.as_sql()
        return _Worded(sql, compiler.get_converters([column for column, *_ in compiler.select]))

    def _read(self, row: Sequence[Any], worded: _Worded, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        values = list(row)
        for column, (converters, expression) in worded.converters.items():
            for convert in converters:
                values[column] = convert(values[column], expression, connection)
        return dict(zip(self._names, values, strict=True))
