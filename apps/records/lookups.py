"""Filters on the fields of records, which live in one JSON column.

The key of a field (in a catalogue: its name) is data here: it reaches the database as a parameter, never as the name
of a lookup, a column, an alias or a part of a path, so that no key can be more than a key (CVE-2024-42005 and its kin).
"""

from __future__ import annotations

import json
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, TextField
from django.db.models.sql.compiler import SQLCompiler

from apps.core.fields import Field

_Sql = tuple[str, tuple[Any, ...]]


def matches(field: Field, value: object) -> Func:
    """A condition: the record's value of `field` is `value` and of its type; a multiple choice contains `value`."""
    return HasOption(field.key, value) if field.type == "multiple_choice" else HasValue(field.key, value)


class _Member(Func):
    """A condition on the member `key` of the object in the column `data`, compared with `value`."""

    output_field = BooleanField()
    postgresql: str
    sqlite: str

    def __init__(self, key: str, value: object) -> None:
        super().__init__(F("data"))
        self.key = key
        self.value = value

    @property
    def identity(self) -> tuple[Any, ...]:
        return (self.__class__, self.key, type(self.value), self.value)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> _Sql:
        column, _ = compiler.compile(self.source_expressions[0])
        return self.postgresql.format(column=column), (self.key, json.dumps(self.value))

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> _Sql:
        column, _ = compiler.compile(self.source_expressions[0])
        return self.sqlite.format(column=column, types=self._types()), (self.key, self.value)

    def _types(self) -> str:
        """SQLite keeps `true` as 1 and `"1"` as text: the value alone does not tell them apart."""
        if isinstance(self.value, bool):
            return "'true', 'false'"
        return "'text'" if isinstance(self.value, str) else "'integer', 'real'"


class HasValue(_Member):
    """1 and 1.0 are the same number; 1, "1" and true are not the same."""

    postgresql = "(({column} -> %s::text) = %s::jsonb)"
    sqlite = "EXISTS (SELECT 1 FROM json_each({column}) m WHERE m.key = %s AND m.type IN ({types}) AND m.value = %s)"


class HasOption(_Member):
    """The member is a list, and `value` is in it."""

    postgresql = "(({column} -> %s::text) @> jsonb_build_array(%s::jsonb))"
    sqlite = (
        "EXISTS (SELECT 1 FROM json_each({column}) m, json_each(m.value) o"
        " WHERE m.key = %s AND m.type = 'array' AND o.type IN ({types}) AND o.value = %s)"
    )


class Text(Func):
    """The member `key` as text; NULL where it is missing or null."""

    output_field = TextField()
    postgresql = "({column} ->> %s::text)"
    sqlite = "(SELECT CAST(m.value AS TEXT) FROM json_each({column}) m WHERE m.key = %s)"

    def __init__(self, key: str) -> None:
        super().__init__(F("data"))
        self.key = key

    @property
    def identity(self) -> tuple[Any, ...]:
        return (self.__class__, self.key)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> _Sql:
        column, _ = compiler.compile(self.source_expressions[0])
        return self.postgresql.format(column=column), (self.key,)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> _Sql:
        column, _ = compiler.compile(self.source_expressions[0])
        return self.sqlite.format(column=column), (self.key,)
