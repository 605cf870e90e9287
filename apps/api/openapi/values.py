"""JSON Schema of values: of the fields of a resource, as `apps.core.values` judges them, and of what is common.

Patterns are those of ECMA-262 with the flag `u`, as JSON Schema has them. ASCII stands in them by itself, so that a
reader without the flag is right about it, too. What the rules forgive besides, such as spaces around an address, is
left out: `format` knows no such thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from apps.api.openapi.described import Schema
from apps.core import values
from apps.core.fields import Field

TEXT = r"^[^\u0000]*$"
"""Without NUL. Half of a surrogate pair cannot be written in UTF-8 anyway."""

FILLED = r"^[^\u0000]*(?:[!-~]|[\p{L}\p{M}\p{N}\p{P}\p{S}])[^\u0000]*$"
"""With a character that can be seen: `str.isprintable` and no space."""

_LETTER = r"A-Za-z\p{L}"
_ALNUM = rf"0-9{_LETTER}\p{{N}}"
_WORD = rf"[{_ALNUM}_"
"""`\\w` of Python, in Unicode, with the bracket left open."""

_IN_YEAR = (
    r"(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt]"
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
)
MOMENT = rf"^(?!0000|0001-01-01|9999-12-31)[0-9]{{4}}-{_IN_YEAR}"
"""RFC 3339 without a leap second. On the first and the last day there is, a zone may lead out of time."""

DAY = r"^(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"

_ATOM = rf"{_WORD}!#$%&'*+/=?^`{{|}}~\-]+"
_REST = rf"(?:[{_ALNUM}\-]{{0,61}}[{_ALNUM}])?"
_LABEL, _TOP = rf"[{_ALNUM}]{_REST}", rf"[{_LETTER}]{_REST}"
EMAIL = rf"^(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_TOP}$"
PHONE = f"^{values.PHONE_PATTERN}$"
_PART = rf"{_WORD}](?:{_WORD}\-]{{0,61}}{_WORD}])?"
_HOST = rf"(?:{_PART}(?:\.{_PART})*\.?|\[[0-9A-Fa-f:.]{{2,45}}\])"
URL = rf'^[hH][tT][tT][pP][sS]?://{_HOST}(?::[0-9]{{1,5}})?(?:[/?#][^\u0000-\u0020\u007f-\u00a0\s<>"]*)?$'

_EXAMPLES: Mapping[str, object] = {
    "text": "Website",
    "long_text": "Asked for an offer by the end of the month.",
    "number": 1250.5,
    "integer": 3,
    "boolean": True,
    "date": "2026-03-31",
    "date_time": "2026-03-31T09:30:00Z",
    "email": "ann@example.com",
    "phone": "+44 20 7946 0018",
    "url": "https://example.com/a",
}


def text(longest: int, shortest: int = 0) -> Schema:
    schema: Schema = {"type": "string", "maxLength": longest, "pattern": TEXT}
    return {**schema, "minLength": shortest} if shortest else schema


def moment() -> Schema:
    return {"type": "string", "format": "date-time", "pattern": MOMENT}


_SIMPLE: Mapping[str, Callable[[], Schema]] = {
    "text": lambda: text(values.TEXT_MAX),
    "long_text": lambda: text(values.LONG_TEXT_MAX),
    "number": lambda: {"type": "number", "minimum": -values.NUMBER_MAX, "maximum": values.NUMBER_MAX},
    "integer": lambda: {"type": "integer", "minimum": -values.NUMBER_MAX, "maximum": values.NUMBER_MAX},
    "boolean": lambda: {"type": "boolean"},
    "date": lambda: {"type": "string", "format": "date", "pattern": DAY},
    "date_time": moment,
    "email": lambda: {"type": "string", "format": "idn-email", "pattern": EMAIL, "maxLength": values.EMAIL_MAX},
    "phone": lambda: {"type": "string", "pattern": PHONE},
    "url": lambda: {"type": "string", "pattern": URL, "maxLength": values.URL_MAX},
}


IGNORED = "x-ignored"

BESIDE: Schema = {"unevaluatedProperties": {"$ref": f"#/components/{IGNORED}"}}
"""Members that mean nothing."""

AS_JSON: Schema = {"propertyNames": {"pattern": TEXT}, **BESIDE}
"""What holds for every body: names that mean nothing are ignored, as long as they and their values are JSON that can be
written down."""


def ignored() -> Schema:
    """Any value without a NUL in it. It stands apart from the schemas: no client needs a type for it."""
    again = {"$ref": f"#/components/{IGNORED}"}
    return {
        "anyOf": [
            {"type": ["null", "boolean", "number"]},
            {"type": "string", "pattern": TEXT},
            {"type": "array", "items": again},
            {"type": "object", "propertyNames": {"pattern": TEXT}, "additionalProperties": again},
        ]
    }


def moment_within(years: Iterable[int]) -> str:
    """The pattern of a moment in one of the years. Written so that nothing can be made up from it."""
    return f"^(?={'|'.join(map(str, years))})[0-9]{{4}}-{_IN_YEAR}"


def told(field: Field) -> Schema:
    """What people read about a field."""
    return {"title": field.label} | ({"description": field.description} if field.description else {})


def sent(field: Field) -> Schema:
    """The field in the body of a request: null empties it, unless it is required."""
    schema = _typed(field)
    if field.required:
        return told(field) | _filled(schema)
    return told(field) | nullable(schema)


def shown(field: Field, *, is_fixed: bool) -> Schema:
    """The field in an answer: null where it is empty. `is_fixed`: no record can have it from before a change."""
    schema = {name: value for name, value in _typed(field).items() if name in {"type", "format", "enum", "items"}}
    if not is_fixed:
        schema = _without_options(schema)
    return told(field) | (schema if field.required and is_fixed else nullable(schema))


def filtered(field: Field) -> Schema:
    """The field as a filter in the query."""
    if field.type == "multiple_choice":
        return {"type": "string", "enum": list(field.options)}
    return _typed(field)


def example(field: Field) -> object:
    if field.type == "single_choice":
        return field.options[0]
    if field.type == "multiple_choice":
        return [field.options[0]]
    return _EXAMPLES[field.type]


def nullable(schema: Schema) -> Schema:
    """The schema, and null beside it."""
    wider = {**schema, "type": [schema["type"], "null"]}
    return {**wider, "enum": [*schema["enum"], None]} if "enum" in schema else wider


def _typed(field: Field) -> Schema:
    if field.type == "single_choice":
        return {"type": "string", "enum": list(field.options)}
    if field.type == "multiple_choice":
        options = {"type": "string", "enum": list(field.options)}
        return {"type": "array", "items": options, "uniqueItems": True}
    return _SIMPLE[field.type]()


def _filled(schema: Schema) -> Schema:
    if schema["type"] == "array":
        return {**schema, "minItems": 1}
    if schema.get("pattern") == TEXT:
        return {**schema, "minLength": 1, "pattern": FILLED}
    return schema


def _without_options(schema: Schema) -> Schema:
    """Records keep an option that was taken away."""
    if "items" in schema:
        return {**schema, "items": {"type": "string"}}
    return {name: value for name, value in schema.items() if name != "enum"}


_UNSEEN = r"\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5"
_SPACES = r"\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_IN_NAMES = rf"(?:[ -~]|[\p{{L}}\p{{M}}\p{{N}}\p{{P}}\p{{S}}{_SPACES}]|\u200d)*"
_NOT_YET = r"\u20f1-\u20ff"  # code points without a character, which some tools take for marks
NAME = rf"^(?!.*[{_UNSEEN}{_NOT_YET}]){_IN_NAMES}(?:[!-~]|[\p{{L}}\p{{N}}\p{{P}}\p{{S}}]){_IN_NAMES}$"
"""With a character that can be seen, which stands between others: a look-ahead for it would leave those who make up
names of a certain length to try and try. Classes say what may be there: tools know less of what is in them than we do,
and what they leave out is no fault."""


def name(longest: int) -> Schema:
    """One line that people read, as `apps.core.text` judges it."""
    return {"type": "string", "minLength": 1, "maxLength": longest, "pattern": NAME}
