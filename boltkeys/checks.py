"""Misconfigurations that stop the start, or that an operator should know of."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from apps.core.catalogue import CatalogueError
from apps.projects import catalogues, queries

NAMED_MAX = 20
"""Projects that a message names."""


@register()
def secrets_are_given(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    missing = [name for name in ("SECRET_KEY", "JWT_SIGNING_KEY") if not _secret(name)]
    hint = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
    return [Error(f"{name} is not set. A production needs its own.", hint=hint, id="boltkeys.E001") for name in missing]


def _secret(name: str) -> str:
    try:
        return str(getattr(settings, name))
    except ImproperlyConfigured:  # Django's own word for an empty SECRET_KEY
        return ""


@register()
def secrets_are_long_and_different(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if _secret("SECRET_KEY") and _secret("SECRET_KEY") == settings.JWT_SIGNING_KEY:
        return [Error("SECRET_KEY and JWT_SIGNING_KEY must differ.", id="boltkeys.E002")]
    if 0 < len(settings.JWT_SIGNING_KEY.encode()) < 32:
        return [Error("JWT_SIGNING_KEY must have at least 32 bytes (RFC 7518 §3.2).", id="boltkeys.E003")]
    return []


@register()
def no_debug_in_public(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    public = sorted(set(settings.ALLOWED_HOSTS) - set(settings.LOOPBACK_HOSTS))
    if settings.DEBUG and public:
        hosts = ", ".join(public)
        return [Error(f"DEBUG is on and ALLOWED_HOSTS names {hosts}. Turn DEBUG off.", id="boltkeys.E004")]
    if settings.DEMO and public:
        return [Error("DEMO is on and ALLOWED_HOSTS is public. Turn DEMO off.", id="boltkeys.E005")]
    return []


@register()
def catalogues_are_sound(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    try:
        catalogues.load()
    except CatalogueError as error:
        return [Error(str(error), id="boltkeys.E006")]
    return []


@register(Tags.database)
def catalogues_are_known(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """For `migrate` and `check --database default`, which alone may ask the database."""
    try:
        unknown = queries.projects_without(catalogues.load())[:NAMED_MAX] if databases else []
        named = ", ".join(f"{project.slug} ({project.catalogue})" for project in unknown)
    except (CatalogueError, DatabaseError):  # of which another check tells; before the first migration
        return []
    if not named:
        return []
    message = f"There are projects whose catalogue this server does not know: {named}."
    hint = "Their keys are answered with 503. Put the files of these catalogues into the folder BOLTKEYS_CATALOGUES."
    return [Warning(message, hint=hint, id="boltkeys.W002")]


@register()
def one_process_without_redis(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.WEB_PROCESSES > 1 and not settings.REDIS_URL:
        message = "WEB_PROCESSES is more than 1 and REDIS_URL is not set: limits and counts would not be exact."
        return [Error(message, hint="Set REDIS_URL, or WEB_PROCESSES=1.", id="boltkeys.E007")]
    return []


@register()
def numbers_are_in_range(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not 0 <= settings.TRUSTED_PROXIES <= 10:
        return [Error("TRUSTED_PROXIES is the number of proxies in front, 0 to 10.", id="boltkeys.E008")]
    return []


@register()
def encryption_keys_are_long(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if any(len(key.encode()) < 32 for key in settings.WEBHOOK_ENCRYPTION_KEYS):
        return [Error("Each of WEBHOOK_ENCRYPTION_KEYS must have at least 32 bytes.", id="boltkeys.E009")]
    return []


@register()
def sessions_end(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not 3600 <= settings.SESSION_COOKIE_AGE <= settings.SESSION_LIFETIME <= 365 * 24 * 3600:
        message = "SESSION_IDLE_HOURS is at least 1 and no more than SESSION_DAYS, which is at most 365."
        return [Error(message, id="boltkeys.E012")]
    return []


@register()
def metrics_are_guarded(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if 0 < len(settings.METRICS_TOKEN.encode()) < 16:
        return [Error("METRICS_TOKEN must have at least 16 bytes.", id="boltkeys.E010")]
    for network in settings.METRICS_ALLOWED:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            return [Error(f"METRICS_ALLOWED lists addresses and networks: {error}.", id="boltkeys.E011")]
    return []


@register(deploy=True)
def https_in_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.SECURE:
        return [Warning("BASE_URL does not begin with https://.", id="boltkeys.W001")]
    return []


def stop_on_errors() -> None:
    """Ends the process with the messages when a check finds an error."""
    errors: Sequence[CheckMessage] = [message for message in run_checks() if message.is_serious()]
    if errors:
        sys.exit("\n".join(f"{message.id}: {message.msg} {message.hint or ''}" for message in errors))
