"""The WSGI application that granian serves. A misconfiguration stops the start here, whatever the server."""

import os

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "boltkeys.settings")
django.setup(set_prefix=False)

from apps.api.lean import Lean  # noqa: E402  (needs the apps to be loaded)
from apps.usage.flusher import Flusher  # noqa: E402
from boltkeys.checks import stop_on_errors  # noqa: E402
from boltkeys.handler import Utf8Handler  # noqa: E402
from boltkeys.postgres import give_up_on_silence  # noqa: E402
from boltkeys.slow_bodies import SlowBodies  # noqa: E402

application = SlowBodies(Lean(Utf8Handler()), settings.WEB_THREADS)

stop_on_errors()
give_up_on_silence()
Flusher().start()
