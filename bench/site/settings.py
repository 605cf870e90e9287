"""The settings of boltkeys, with the peers beside it. What each of them does best with is what all get."""

from __future__ import annotations

from datetime import timedelta

from boltkeys.settings import *  # noqa: F403
from boltkeys.settings import DATABASES, INSTALLED_APPS, REDIS_URL, SECRET_KEY

# Of an API without pages. `MIDDLEWARE`, with all that the pages of boltkeys need, is what its own /v1 runs behind.
API_MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework.authtoken", "rest_framework_api_key", "knox"]
ROOT_URLCONF = "bench.site.urls"
WSGI_APPLICATION = "bench.site.wsgi.application"

# One connection that stays open, and is not asked whether it still does: a third less for each query of a peer than the
# pool that boltkeys itself runs with.
DATABASES["default"]["OPTIONS"].pop("pool", None)
DATABASES["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False}
# Of `bench.lookup`: the same tables, with few and with many rows.
DATABASES |= {name: {**DATABASES["default"], "NAME": f"lookup_{name}"} for name in ("small", "large")}

# Their throttles keep pickles in the cache, as django-redis does unless told otherwise.
CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": REDIS_URL}}

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
SIMPLE_JWT = {"ACCESS_TOKEN_LIFETIME": timedelta(days=1), "ALGORITHM": "HS256", "SIGNING_KEY": SECRET_KEY}

# A refusal is no reason to write a line: the lines would be what is measured.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": True,
    "handlers": {"null": {"class": "logging.NullHandler"}},
    "root": {"handlers": ["null"], "level": "CRITICAL"},
    "loggers": {"django": {"handlers": ["null"], "propagate": False}},
}
