"""The first page, and the overview of a project; and what load balancers and Prometheus ask."""

from django.urls import path

from apps.dashboard import health
from apps.dashboard.metrics import page as metrics
from apps.dashboard.overview import views

urlpatterns = [
    path("", views.home, name="home"),
    path("projects/<slug:slug>/", views.project, name="project"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.show, name="metrics"),
]
