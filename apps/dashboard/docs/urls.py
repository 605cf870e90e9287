"""The documentation of the API."""

from django.urls import path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from apps.dashboard.docs import page

urlpatterns = [
    path("docs", page.show, name="docs"),
    # As people type it: the API, whose page this is, has no slashes at the end.
    path(
        "docs/",
        require_safe(RedirectView.as_view(pattern_name="docs", query_string=True, permanent=True)),
        name="docs_with_slash",
    ),
]
