"""The pages, one list of URLs per family."""

from django.urls import include, path

urlpatterns = [
    path("projects/<slug:slug>/api-keys/", include("apps.dashboard.keys.urls")),
]

# While families are being added: those that are there.
from importlib.util import find_spec  # noqa: E402

for family, prefix in {"overview": "", "account": "", "team": "", "audit": ""}.items():
    if find_spec(f"apps.dashboard.{family}.urls"):
        urlpatterns.append(path(prefix, include(f"apps.dashboard.{family}.urls")))
