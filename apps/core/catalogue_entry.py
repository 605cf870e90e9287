"""Reading a catalogue's TOML entry by entry, so that every fault names file, entry and what to do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from apps.core.fields import DESCRIPTION_MAX
from apps.core.text import NAME_MAX as LABEL_MAX

_SLUG = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SLUG_RULE = "1 to 40 of a-z, 0-9 and _, starting with a letter"
"""40: as wide as the columns that they are stored in."""

_T = TypeVar("_T")


class CatalogueError(Exception):
    """A catalogue that cannot be used: in which `file` (or folder), at which `entry`, and what the `fault` is."""

    def __init__(self, file: Path, entry: str, fault: str) -> None:
        super().__init__(f"{file}: {entry}: {fault}")
        self.file = file
        self.entry = entry
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Entry:
    """A TOML table and its place in the file, such as `resources.calls` or `groups[2]` (counted from 1)."""

    file: Path
    path: str
    table: dict[str, object]

    def fault(self, key: str, fault: str) -> CatalogueError:
        """The error about `key` of this table; `key` "" means the table itself."""
        return CatalogueError(self.file, self._place(key), fault)

    def only(self, *keys: str) -> None:
        """Refuses every key but these: a misspelt one would be without effect."""
        for key in self.table:
            if key not in keys:
                raise self.fault(key, f"There is no such setting. Use: {', '.join(keys)}.")

    def text(self, key: str, limit: int, default: str | None = None) -> str:
        """One line of 1 to `limit` printable characters; without `default` it must be there."""
        value = self._get(key, str, "text in quotes", default)
        if key not in self.table:
            return value
        if not value or value != value.strip() or not value.isprintable() or len(value) > limit:
            raise self.fault(key, f"Write 1 to {limit} printable characters, without spaces around them.")
        return value

    def label(self) -> str:
        return self.text("label", LABEL_MAX)

    def description(self) -> str:
        return self.text("description", DESCRIPTION_MAX)

    def slug(self, key: str) -> str:
        """A word for code, URLs and scopes."""
        value = self._get(key, str, "text in quotes", None)
        if not _SLUG.fullmatch(value):
            raise self.fault(key, f"Write a word: {_SLUG_RULE}.")
        return value

    def flag(self, key: str) -> bool:
        """True or false; false when it is not there."""
        return self._get(key, bool, "true or false", default=False)

    def integer(self, key: str, low: int, high: int, default: int) -> int:
        value = self._get(key, int, "a whole number", default)
        if isinstance(value, bool) or not low <= value <= high:
            raise self.fault(key, f"Write a whole number from {low:,} to {high:,}.")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """A list of text, each once; empty when it is not there."""
        values = self._get(key, list, "a list", [])
        for value in values:
            if not isinstance(value, str):
                raise self.fault(key, 'Write a list of text, such as ["read", "write"].')
            if values.count(value) > 1:
                raise self.fault(key, f'"{value}" is there more than once. Remove one.')
        return tuple(values)

    def choice(self, key: str, choices: Collection[str], default: str) -> str:
        value = self._get(key, str, "text in quotes", default)
        if key in self.table and value not in choices:
            raise self.fault(key, f'There is no "{value}". There is: {", ".join(choices) or "none"}.')
        return value

    def tables(self, key: str) -> dict[str, Entry]:
        """The tables `[key.NAME]` by name, in file order; every name is a slug. Empty when there are none."""
        tables = self._get(key, dict, f"tables such as [{self._place(key)}.NAME]", {})
        for name, table in tables.items():
            if not _SLUG.fullmatch(name):
                raise self.fault(key, f'"{name}" is no name. Use {_SLUG_RULE}.')
            if not isinstance(table, dict):
                raise self.fault(key, f"Write a table, [{self._place(key)}.{name}].")
        return {name: Entry(self.file, f"{self._place(key)}.{name}", table) for name, table in tables.items()}

    def rows(self, key: str) -> list[Entry]:
        """The tables `[[key]]` in file order. Empty when there are none."""
        rows = self._get(key, list, f"tables such as [[{self._place(key)}]]", [])
        if not all(isinstance(row, dict) for row in rows):
            raise self.fault(key, f"Write tables, [[{self._place(key)}]].")
        return [Entry(self.file, f"{self._place(key)}[{i}]", row) for i, row in enumerate(rows, start=1)]

    def _place(self, key: str) -> str:
        return ".".join(part for part in (self.path, key) if part)

    def _get(self, key: str, kind: type[_T], what: str, default: _T | None) -> _T:
        if key not in self.table and default is None:
            raise self.fault(key, f"It is missing. Write {what}.")
        value = self.table.get(key, default)
        if not isinstance(value, kind):
            raise self.fault(key, f"Write {what}.")
        return value


def read(file: Path) -> Entry:
    """The whole file. Raises `CatalogueError` when it cannot be read, is not UTF-8 or not TOML 1.0."""
    whole = "whole file"
    try:
        return Entry(file, "", tomllib.loads(file.read_bytes().decode("utf-8-sig")))
    except OSError as error:
        raise CatalogueError(file, whole, f"It cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise CatalogueError(file, whole, f"It is not UTF-8 (byte {error.start}). Save it as UTF-8.") from None
    except ValueError as error:  # TOMLDecodeError, and Python's own for a number of thousands of digits
        raise CatalogueError(file, whole, f"It is not TOML 1.0. {error}.") from None
    except RecursionError:
        raise CatalogueError(file, whole, "It is nested too deep.") from None
