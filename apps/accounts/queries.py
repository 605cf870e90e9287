"""Reading users."""

from __future__ import annotations

from apps.accounts.models import User


def user_with_email(email: str) -> User | None:
    """The user with this address, disabled or not. `email` is clean (`rules.clean_email`)."""
    return User.objects.filter(email=email).first()
