"""Where each path leads."""

from django.urls import include, path

from apps.api.problems import nowhere
from apps.dashboard import admin

urlpatterns = [
    path("v1", nowhere),
    path("v1/", include("apps.api.urls")),
    path("operator/", admin.site.urls),
    path("", include("apps.dashboard.urls")),
]

handler400 = "apps.dashboard.errors.bad_request"
handler403 = "apps.dashboard.errors.permission_denied"
handler404 = "apps.dashboard.errors.not_found"
handler500 = "apps.dashboard.errors.server_error"
