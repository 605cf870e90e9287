"""The applications that are measured.

`application` is an API without pages. `lean` is the same behind the lean path of boltkeys, `ahead` behind the wrapper
that asks before Django starts. `product` has all middleware.
"""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.site.settings")
django.setup(set_prefix=False)

from django.core.handlers.wsgi import WSGIHandler  # noqa: E402  (needs the settings, as all below)
from django.test.utils import override_settings  # noqa: E402

from apps.api.ahead import Ahead  # noqa: E402
from apps.api.lean import Lean  # noqa: E402
from bench.site.settings import API_MIDDLEWARE  # noqa: E402
from boltkeys.handler import Utf8Handler  # noqa: E402

with override_settings(MIDDLEWARE=API_MIDDLEWARE):
    application = WSGIHandler()

lean = Lean(application)
ahead = Ahead(application, "/boltkeys")
product = Utf8Handler()
