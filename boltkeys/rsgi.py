"""/gate and /v1/verify alone, for many calls at once.

granian --interface rsgi --no-ws --workers 1 boltkeys.rsgi:application
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "boltkeys.settings")
django.setup(set_prefix=False)

from apps.api.rsgi import LeanRsgi  # noqa: E402  (needs the apps to be loaded)
from apps.usage.flusher import Flusher  # noqa: E402
from boltkeys.checks import stop_on_errors  # noqa: E402
from boltkeys.postgres import give_up_on_silence  # noqa: E402

application = LeanRsgi()

stop_on_errors()
give_up_on_silence()
Flusher().start()
