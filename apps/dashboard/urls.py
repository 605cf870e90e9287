"""The pages, one list of URLs per family."""

from django.urls import include, path

urlpatterns = [
    path("", include("apps.dashboard.overview.urls")),
    path("", include("apps.dashboard.account.urls")),
    path("", include("apps.dashboard.team.urls")),
    path("", include("apps.dashboard.audit.urls")),
    path("", include("apps.dashboard.docs.urls")),
    path("projects/<slug:slug>/fields/", include("apps.dashboard.fields.urls")),
    path("projects/<slug:slug>/webhooks/", include("apps.dashboard.webhooks.urls")),
    path("projects/<slug:slug>/api-keys/", include("apps.dashboard.keys.urls")),
    # After the keys, whose converter it uses.
    path("", include("apps.dashboard.mykeys.urls")),
    # Last: it takes every path below a project that is the slug of a resource.
    path("", include("apps.dashboard.board.urls")),
]
