"""Keys of one's own, for whoever has signed in, and the partner area."""

from django.urls import path

from apps.dashboard.mykeys import changes, page, rotate

urlpatterns = [
    path("account/api-keys/", page.account, name="my_keys"),
    path("account/api-keys/generate/", changes.generate, name="my_key_generate"),
    path("account/api-keys/<key_id:key_id>/rotate/", rotate.rotate, name="my_key_rotate"),
    path("account/api-keys/<key_id:key_id>/delete/", changes.delete, name="my_key_delete"),
    path("partner/", page.partner, name="partner"),
]
