"""What an e-mail address and a password must be like."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.accounts.models import User
from apps.core.errors import FieldError, Invalid, invalid

EMAIL_MAX = 254


def clean_email(text: object, *, pointer: str = "/email") -> str:
    """An address in the one form that is stored and compared: lower case, its domain in ASCII (IDNA).

    So two spellings of one mailbox are one user, and no look-alike letters or control characters get in.
    """
    if not isinstance(text, str):
        raise invalid(pointer, "The e-mail address must be text.", "type")
    if not text.strip():
        raise invalid(pointer, "Enter an e-mail address.", "required")
    if len(text) > EMAIL_MAX:
        raise invalid(pointer, f"An e-mail address has at most {EMAIL_MAX} characters.", "too_long")
    address = _ascii(text.strip().lower())
    try:
        validate_email(address)
    except ValidationError as error:
        raise invalid(pointer, "Enter an e-mail address such as name@example.com.", "format") from error
    return address


def _ascii(address: str) -> str:
    """The address with an international domain in its `xn--` form; "" when it has none or other odd characters."""
    local, _, domain = address.rpartition("@")
    try:
        plain = f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return ""
    return plain if plain.isascii() and plain.isprintable() and " " not in plain else ""


def clean_password(password: str, *, user: User | None = None, pointer: str = "/password") -> str:
    """A password that the validators of the settings accept. `user` tells what it must not resemble."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid([FieldError(pointer, _text(e), e.code or "invalid") for e in error.error_list]) from error
    return password


def _text(error: ValidationError) -> str:
    return " ".join(error.messages)
