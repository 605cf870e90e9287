"""A Django project of its own. boltkeys' folder is on the Python path, and the environment is that of boltkeys."""

from typing import Any

# The database and the Redis in which the keys are, the catalogues, and how far X-Forwarded-For is believed.
from boltkeys.settings import (  # noqa: F401
    AUTH_USER_MODEL,
    BASE_URL,
    CATALOGUE_FOLDERS,
    DATABASES,
    REDIS_URL,
    SECRET_KEY,  # a project in production has one of its own
    TRUSTED_PROXIES,
)

ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "shop.urls"
USE_TZ = True

INSTALLED_APPS = [
    "rest_framework",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    # What verifies and counts. The pages and endpoints of boltkeys are not here.
    "apps.keys",
    "apps.projects",
    "apps.accounts",
    "apps.usage",
    "apps.audit",
    "apps.gate",
]

# Optional: under /v1, request IDs and the headers of the rate limit on every answer.
MIDDLEWARE = ["apps.api.middleware.RequestId", "apps.api.middleware.ApiAnswers"]

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
    # Refusals as problems (RFC 9457), with WWW-Authenticate, Retry-After and Allow.
    "EXCEPTION_HANDLER": "apps.api.problems.exception_handler",
}
