"""The pages about fields, below /projects/<slug>/fields/. A field stands in the address by its key."""

from django.urls import path

from apps.dashboard.fields import changes, page

urlpatterns = [
    path("", page.listing, name="fields"),
    path("<str:resource>/add/", page.add, name="field_add"),
    path("<str:resource>/<str:key>/edit/", changes.edit, name="field_edit"),
    path("<str:resource>/<str:key>/move/", changes.move, name="field_move"),
    path("<str:resource>/<str:key>/archive/", changes.archive, name="field_archive"),
    path("<str:resource>/<str:key>/restore/", changes.restore, name="field_restore"),
]
