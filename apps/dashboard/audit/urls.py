"""The audit of a project."""

from django.urls import path

from apps.dashboard.audit import views

urlpatterns = [path("projects/<slug:slug>/audit/", views.audit, name="audit")]
