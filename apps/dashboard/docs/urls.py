"""The documentation of the API."""

from django.urls import path

from apps.dashboard.docs import page

urlpatterns = [path("docs", page.show, name="docs")]
