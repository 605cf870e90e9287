import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()

from apps.usage.flusher import Flusher  # noqa: E402  (needs the apps to be loaded)

Flusher().start()  # counts that Redis has not taken go into the database every second, and at exit
