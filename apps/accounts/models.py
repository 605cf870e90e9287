"""People: they sign in with their e-mail address."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.core.ids import new_id

FAMILY_LIFE = timedelta(days=30)
"""How long one sign-in can be prolonged, at most (ASVS 10.4.8)."""


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user who can sign in with `email` (kept in lower case) and `password`; None: after a password reset."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """An operator of the whole installation, who may use Django's admin site."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField("e-mail", unique=True)
    name = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField("active", default=True)
    is_staff = models.BooleanField("operator", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # The row of somebody who was deleted stays, without a word about them: their keys refer to it, and are refused.
    deleted_at = models.DateTimeField(null=True, editable=False)
    # Goes up when everything that the user is signed in to ends: sessions of pages, families of tokens.
    epoch = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_once"),)

    def __str__(self) -> str:
        return self.email

    @property
    def label(self) -> str:
        """How the user is named to others."""
        return self.name or self.email

    @property
    def fingerprint(self) -> bytes:
        """Of what every sign-in depends on: it differs as soon as the password does, by whatever way it was changed."""
        return hashlib.sha256(f"{self.epoch}|{self.password}".encode()).digest()

    def get_session_auth_hash(self) -> str:
        """Sessions of pages depend on the same."""
        return salted_hmac("apps.accounts.sessions", self.fingerprint, algorithm="sha256").hexdigest()


class TokenFamily(models.Model):
    """One sign-in by the API: the access and refresh tokens that come from it. They live and die together.

    `fingerprint` is that of the user at the sign-in.
    """

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "fam"), editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_families", editable=False)
    fingerprint = models.BinaryField(max_length=32, editable=False)
    started_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return self.id


class RefreshToken(models.Model):
    """A refresh token, by its digest. Used once: `used_at` is when."""

    family = models.ForeignKey(TokenFamily, on_delete=models.CASCADE, related_name="tokens", editable=False)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    expires_at = models.DateTimeField(editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return f"of {self.family_id}"
