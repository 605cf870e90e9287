"""Fields of a resource: what a field is, and how one is defined. `values` judges what is sent for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from apps.core.errors import FieldError, Invalid
from apps.core.text import clean_name

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "text": "Text",
        "long_text": "Long text",
        "number": "Number",
        "integer": "Whole number",
        "boolean": "Yes or no",
        "date": "Date",
        "date_time": "Date and time",
        "email": "E-mail",
        "phone": "Phone",
        "url": "URL",
        "single_choice": "Single choice",
        "multiple_choice": "Multiple choice",
    }
)
"""Every type of field and what people call it."""

CHOICES = frozenset({"single_choice", "multiple_choice"})

WIDER: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "text": frozenset({"long_text"}),
        "integer": frozenset({"number"}),
        "email": frozenset({"text", "long_text"}),
        "phone": frozenset({"text", "long_text"}),
        "url": frozenset({"long_text"}),
        "date": frozenset({"text", "long_text"}),
        "date_time": frozenset({"text", "long_text"}),
        "single_choice": frozenset({"text", "long_text"}),
    }
)
"""The types, by type, that take each of its values as it is stored."""

RESERVED = frozenset({"id", "created_at", "updated_at", "limit", "cursor", "order", "updated_since"})
"""Names that every record has, or that a list already uses in its query: a field may not have one."""

_INHERITED = frozenset({"constructor"})
"""What every JavaScript object answers to, sent or not. `__proto__` and the rest are outside of the grammar."""

DESCRIPTION_MAX = 300
OPTIONS_MAX = 100

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a resource. `type` is one of `TYPES`; `options` are the values of a choice, empty otherwise.

    `key` is what its values are stored under. It stays when the name changes, and is the name unless told otherwise.
    """

    name: str
    label: str
    type: str
    required: bool = False
    options: tuple[str, ...] = ()
    description: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        if not self.key:
            object.__setattr__(self, "key", self.name)


def pointer(name: str) -> str:
    """The JSON pointer to a member of the body (RFC 6901 §3). Half of a surrogate pair is written as `\\ud800`."""
    written = name.encode("utf-8", "backslashreplace").decode()
    return "/" + written.replace("~", "~0").replace("/", "~1")


def define(
    *, name: str, label: str, type: str, required: bool = False, options: Sequence[str] = (), description: str = ""
) -> Field:
    """A field, checked: for the catalogues, and for what administrators add to a project.

    Raises `Invalid` with a pointer to each argument that breaks a rule; the first option is `/options/0`. Codes:
    name, reserved, type, required, too_long, characters, options, duplicate.
    """
    errors = _name_faults(name)
    label = _tidy(label, "/label", "label", errors)
    errors += _type_faults(type)
    tidied = tuple(_tidy(option, f"/options/{i}", "value", errors) for i, option in enumerate(options))
    errors += _options_faults(type, tidied) + _description_faults(description)
    if errors:
        raise Invalid(errors)
    return Field(name, label, type, required, tidied, description)


def _name_faults(name: str) -> list[FieldError]:
    if not name:
        return [FieldError("/name", "Give it a name, such as annual_budget.", "required")]
    if name in RESERVED:
        taken = f"Every list and record of the API uses {name} already. Choose another name."
        return [FieldError("/name", taken, "reserved")]
    if name in _INHERITED:
        return [FieldError("/name", f"In JavaScript every object has a {name}. Choose another name.", "reserved")]
    if not _NAME.fullmatch(name) or "__" in name:
        grammar = "A name has 1 to 63 of a-z, 0-9 and _, starts with a letter and has no __."
        return [FieldError("/name", grammar, "name")]
    return []


def _tidy(text: str, where: str, what: str, errors: list[FieldError]) -> str:
    """`text` as a name that people read. Its faults are added to `errors`."""
    try:
        return clean_name(text, pointer=where, what=what)
    except Invalid as fault:
        errors.extend(fault.errors)
        return ""


def _type_faults(type: str) -> list[FieldError]:
    if type in TYPES:
        return []
    return [FieldError("/type", f"There is no such type. Use one of: {', '.join(TYPES)}.", "type")]


def _options_faults(type: str, options: tuple[str, ...]) -> list[FieldError]:
    if options and type not in CHOICES:
        return [FieldError("/options", "Only a choice has options. Remove them, or change the type.", "options")]
    if type in CHOICES and not 1 <= len(options) <= OPTIONS_MAX:
        return [FieldError("/options", f"A choice needs 1 to {OPTIONS_MAX} options.", "options")]
    return [
        FieldError(f"/options/{i}", "This option is there already.", "duplicate")
        for i, option in enumerate(options)
        if option and option in options[:i]
    ]


def _description_faults(description: str) -> list[FieldError]:
    if len(description) > DESCRIPTION_MAX:
        return [FieldError("/description", f"A description has at most {DESCRIPTION_MAX} characters.", "too_long")]
    if not description.isprintable():
        return [FieldError("/description", "A description is one line without control characters.", "characters")]
    return []
