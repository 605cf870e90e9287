"""Values of fields: how what a client sends is judged.

Nothing is coerced: `"1"` is no number and `true` is none either. What comes out can be written as JSON, and is
the same after it has been stored and read again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from apps.core.errors import FieldError, Invalid, invalid
from apps.core.fields import Field, pointer
from apps.core.times import read_moment, rfc3339

TEXT_MAX = 1_000
LONG_TEXT_MAX = 20_000
EMAIL_MAX = 254
URL_MAX = 2_000
NUMBER_MAX = 2**53
"""Beyond it, JavaScript and most JSON readers silently change an integer."""

PHONE_PATTERN = r"\+?\(?[0-9](?:[ ()./-]{0,3}[0-9]){2,14}"
"""ITU-T E.164 has at most 15 digits; people write them in groups. Neighbouring parts share no character, so that it
matches in linear time; so do all patterns below."""

_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LABEL = r"[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?"
_TOP_LABEL = r"[^\W\d_](?:(?:[^\W_]|-){0,61}[^\W_])?"
_EMAIL = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_TOP_LABEL}")
_HOST = r"(?:\w(?:[\w-]{0,61}\w)?(?:\.\w(?:[\w-]{0,61}\w)?)*\.?|\[[0-9A-Fa-f:.]{2,45}\])"
_URL = re.compile(rf"(?i:https?)://{_HOST}(?::[0-9]{{1,5}})?(?:[/?#][^\x00-\x20\x7f-\xa0\s<>\"]*)?")
_PHONE = re.compile(PHONE_PATTERN)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?")
_DATE_FAULT = "must be a date, such as 2026-03-31."
_DATE_TIME_FAULT = "must be a date and time with a time zone, such as 2026-03-31T09:30:00Z."
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL stores no NUL, and half a surrogate pair cannot be written as UTF-8."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What may be stored, by name (None clears a field), and the names that no field has, in the order sent."""

    values: dict[str, object]
    ignored: tuple[str, ...]


class _Fault(Exception):
    """What is wrong with one value: `detail` goes on from the label of the field ("Price must be a number.")."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def clean(fields: Sequence[Field], data: Mapping[str, object], *, partial: bool) -> Cleaned:
    """What of `data` may be stored as values of `fields`.

    Names count exactly, case and all; others are ignored and listed. None clears an optional field. With `partial`
    only what is given is checked, else required fields must be there. Raises `Invalid` with one `FieldError` for
    each bad field, in the order of the fields; codes: required, null, type, text, too_long, format, range, choice,
    duplicate.
    """
    errors = _name_errors(data)
    values: dict[str, object] = {}
    for field in fields:
        try:
            if field.name in data:
                values[field.name] = _clean_value(field, data[field.name])
            elif field.required and not partial:
                raise _Fault("required", "is required.")
        except _Fault as fault:
            errors.append(FieldError(pointer(field.name), f"{field.label} {fault.detail}", fault.code))
    if errors:
        raise Invalid(errors)
    return Cleaned(values, tuple(name for name in data if name not in values))


def parse_query(field: Field, text: str) -> object:
    """The typed value of a filter `?field=text`: a number, True, a date-time in UTC, …

    For a multiple choice it is the one option that a record must have among others. Raises `Invalid` with the
    pointer `?name`.
    """
    try:
        return _query_value(field, text)
    except _Fault as fault:
        raise invalid(f"?{field.name}", f"{field.label} {fault.detail}", fault.code) from None


def _name_errors(data: Mapping[str, object]) -> list[FieldError]:
    """Names are echoed in headers and errors, so that none may hold what cannot be written; `""` is the whole body."""
    if any(_NOT_TEXT.search(name) for name in data):
        return [FieldError("", "A field name has a NUL or half of a surrogate pair.", "text")]
    return []


def _clean_value(field: Field, value: object) -> object:
    if value is None:
        if field.required:
            raise _Fault("null", "is required, so that it cannot be null.")
        return None
    cleaned = _typed(field, value)
    if field.required and _is_blank(cleaned):
        raise _Fault("required", "is required, so that it cannot be empty.")
    return cleaned


def _typed(field: Field, value: object) -> object:
    if field.type == "single_choice":
        return _option(field, _any_text(value))
    if field.type == "multiple_choice":
        return _options(field, value)
    return _CLEANERS[field.type](value)


def _query_value(field: Field, text: str) -> object:
    if field.type == "multiple_choice":
        return _option(field, text)
    if field.type in _QUERIES:
        return _QUERIES[field.type](text)
    return _typed(field, text)


def _is_blank(value: object) -> bool:
    if isinstance(value, str):
        return not any(char.isprintable() and not char.isspace() for char in value)
    return value == []


def _any_text(value: object) -> str:
    if not isinstance(value, str):
        raise _Fault("type", "must be text.")
    if _NOT_TEXT.search(value):
        raise _Fault("text", "must be without NUL and without half of a surrogate pair.")
    return value


def _limited(value: object, limit: int) -> str:
    text = _any_text(value)
    if len(text) > limit:
        raise _Fault("too_long", f"must have at most {limit:,} characters.")
    return text


def _clean_text(value: object) -> str:
    return _limited(value, TEXT_MAX)


def _clean_long_text(value: object) -> str:
    return _limited(value, LONG_TEXT_MAX)


def _clean_number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Fault("type", "must be a number.")
    if not -NUMBER_MAX <= value <= NUMBER_MAX:  # NaN compares with nothing, so that it is refused here too
        raise _Fault("range", f"must be a number from -{NUMBER_MAX} to {NUMBER_MAX}.")
    return value


def _clean_integer(value: object) -> int:
    """1.0 is an integer: JSON has one kind of number, and JSON Schema 2020-12 §6.1.1 counts it as one."""
    number = _clean_number(value)
    if number != int(number):
        raise _Fault("type", "must be a whole number.")
    return int(number)


def _clean_boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Fault("type", "must be true or false.")
    return value


def _clean_date(value: object) -> str:
    text = _matching(_DATE, _any_text(value), _DATE_FAULT)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise _Fault("format", _DATE_FAULT) from None


def _clean_date_time(value: object) -> str:
    try:
        return rfc3339(read_moment(_any_text(value)))
    except ValueError:
        raise _Fault("format", _DATE_TIME_FAULT) from None


def _clean_email(value: object) -> str:
    return _matching(_EMAIL, _limited(value, EMAIL_MAX).strip(), "must be an e-mail address, such as ann@example.com.")


def _clean_phone(value: object) -> str:
    return _matching(_PHONE, _any_text(value).strip(), "must be a phone number, such as +44 20 7946 0018.")


def _clean_url(value: object) -> str:
    """A user name in a URL is refused: a record is read by more people than a password is meant for."""
    fault = "must be an http or https address without a user name, such as https://example.com/a."
    return _matching(_URL, _limited(value, URL_MAX).strip(), fault)


def _matching(pattern: re.Pattern[str], text: str, fault: str) -> str:
    if not pattern.fullmatch(text):
        raise _Fault("format", fault)
    return text


def _options(field: Field, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(option, str) for option in value):
        raise _Fault("type", "must be a list of text.")
    chosen = [_any_text(option) for option in value]
    if len(set(chosen)) != len(chosen):
        raise _Fault("duplicate", "must name each option once.")
    return [_option(field, option) for option in chosen]


def _option(field: Field, text: str) -> str:
    if text not in field.options:
        raise _Fault("choice", f"must be one of: {', '.join(field.options)}.")
    return text


def _query_number(text: str) -> int | float:
    if not _NUMBER.fullmatch(text):
        raise _Fault("format", "must be a number.")
    return _clean_number(float(text) if set(text) & set(".eE") else int(text))


def _query_integer(text: str) -> int:
    return _clean_integer(_query_number(text))


def _query_boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise _Fault("format", "must be true or false.")
    return text == "true"


_CLEANERS: Mapping[str, Callable[[object], object]] = {
    "text": _clean_text,
    "long_text": _clean_long_text,
    "number": _clean_number,
    "integer": _clean_integer,
    "boolean": _clean_boolean,
    "date": _clean_date,
    "date_time": _clean_date_time,
    "email": _clean_email,
    "phone": _clean_phone,
    "url": _clean_url,
}

_QUERIES: Mapping[str, Callable[[str], object]] = {
    "number": _query_number,
    "integer": _query_integer,
    "boolean": _query_boolean,
}
"""Where a filter is not the text that a body would hold."""
