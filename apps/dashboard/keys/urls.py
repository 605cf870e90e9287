"""The pages about keys, below /projects/<slug>/api-keys/."""

from django.urls import path, register_converter

from apps.dashboard.keys import create, delete, detail, listing, revoke, rotate


class KeyIdConverter:
    """A key ID and nothing else: what is none, a NUL included, is a page that does not exist."""

    regex = "key_[0-9A-Za-z]{22}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(KeyIdConverter, "key_id")

urlpatterns = [
    path("", listing.active, name="keys"),
    path("revoked/", listing.ended, name="keys_ended"),
    path("new/", create.step, name="key_new"),
    path("new/create/", create.submit, name="key_create"),
    path("<key_id:key_id>/", detail.show, name="key"),
    path("<key_id:key_id>/revoke/", revoke.confirm, name="key_revoke"),
    path("<key_id:key_id>/revoke/now/", revoke.perform, name="key_revoke_now"),
    path("<key_id:key_id>/rotate/", rotate.confirm, name="key_rotate"),
    path("<key_id:key_id>/rotate/now/", rotate.perform, name="key_rotate_now"),
    path("<key_id:key_id>/delete/", delete.confirm, name="key_delete"),
    path("<key_id:key_id>/delete/now/", delete.perform, name="key_delete_now"),
]
