"""The WSGI application that granian serves. A misconfiguration stops the start here, whatever the server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "boltkeys.settings")

application = get_wsgi_application()

from apps.usage.flusher import Flusher  # noqa: E402  (needs the apps to be loaded)
from boltkeys.checks import stop_on_errors  # noqa: E402

stop_on_errors()
Flusher().start()
