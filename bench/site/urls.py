"""Django tries the paths one after the other, so the floor and boltkeys stand side by side."""

from django.urls import path

from bench.peers import views as peers
from bench.site import views

urlpatterns = [
    path("bare", views.Bare.as_view()),
    path("ping", views.Ping.as_view()),
    path("script", views.Scripted.as_view()),
    path("boltkeys", views.Guarded.as_view()),
    *(path(name, view.as_view()) for name, view in peers.VIEWS.items()),
    path("v1/bare", views.Bare.as_view()),
    path("v1/boltkeys", views.Guarded.as_view()),
]
