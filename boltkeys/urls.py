"""Where each path leads."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("v1/", include("apps.api.urls")),
    path("operator/", admin.site.urls),
    path("", include("apps.dashboard.urls")),
]
