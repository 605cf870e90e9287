"""A password validator that Django does not have. Django's own ones are chosen in the settings."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError

PASSWORD_MAX = 256
"""Room for any passphrase (ASVS 6.2.9 asks for 64), and an end to what a stranger can have us hash."""


class MaximumLengthValidator:
    """Refuses what is too long, and NUL, which no keyboard types."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        if len(password) > PASSWORD_MAX:
            raise ValidationError(f"A password has at most {PASSWORD_MAX} characters.", code="password_too_long")
        if "\x00" in password:
            raise ValidationError("A password cannot hold the NUL character.", code="password_characters")

    def get_help_text(self) -> str:
        return f"Your password may have up to {PASSWORD_MAX} characters of any kind."
