from django.urls import path

from shop import views

urlpatterns = [
    path("v1/orders", views.Orders.as_view()),
    path("v1/orders/<int:order_id>/ship", views.Ship.as_view()),
]
