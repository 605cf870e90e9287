"""Names that people give to things: visible, one line, and what they look like."""

from __future__ import annotations

import unicodedata

from apps.core.errors import invalid

NAME_MAX = 80

_INVISIBLE_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_INVISIBLE_LETTERS = {"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\u034f", "\u17b4", "\u17b5"}
"""Fillers that Unicode counts as letters, symbols or marks and that print as nothing."""

_JOINERS = {"\u200d", "\ufe0f"}
"""Zero-width joiner and emoji selector: part of what people type as one emoji, invisible alone."""


def clean_name(text: object, *, pointer: str = "/name", what: str = "name") -> str:
    """A name of 1 to 80 visible characters: see `clean_line`."""
    return clean_line(text, pointer=pointer, what=what, longest=NAME_MAX)


def clean_line(text: object, *, pointer: str, what: str, longest: int) -> str:
    """`text` without outer and doubled spaces, in Unicode's composed form (NFC).

    Raises `Invalid` unless it has 1 to `longest` characters, one of them visible, and no control characters, line
    breaks or direction overrides (which make a text look like another one).
    """
    if not isinstance(text, str):
        raise invalid(pointer, f"The {what} must be text.", "type")
    if len(text) > longest * 4:
        raise invalid(pointer, f"The {what} may have at most {longest} characters.", "too_long")
    line = " ".join(part for part in unicodedata.normalize("NFC", text).split(" ") if part)
    if any(_is_forbidden(char) for char in line):
        raise invalid(pointer, f"The {what} has invisible or control characters. Type it anew.", "characters")
    if not any(_is_visible(char) for char in line):
        raise invalid(pointer, f"Give it a {what} of 1 to {longest} characters.", "required")
    if len(line) > longest:
        raise invalid(pointer, f"The {what} may have at most {longest} characters.", "too_long")
    return line


def _is_forbidden(char: str) -> bool:
    if char in _JOINERS:
        return False
    return unicodedata.category(char) in _INVISIBLE_CATEGORIES or char in _INVISIBLE_LETTERS


def _is_visible(char: str) -> bool:
    return char not in _JOINERS and unicodedata.category(char)[0] in "LNPS"
