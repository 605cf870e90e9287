"""The boards, each at the slug of its resource."""

from django.urls import path, register_converter

from apps.dashboard.board import views
from apps.projects import catalogues


class BoardConverter:
    """The slug of a resource that has a board in some catalogue: anything else is no path at all."""

    regex = "[a-z][a-z0-9_]*"

    def to_python(self, value: str) -> str:
        resources = (catalogue.resources.get(value) for catalogue in catalogues.load().values())
        if any(resource and resource.board for resource in resources):
            return value
        raise ValueError(value)

    def to_url(self, value: str) -> str:
        return value


class RecordIdConverter:
    """The ID of a record and nothing else."""

    regex = "rec_[0-9A-Za-z]{22}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(BoardConverter, "board")
register_converter(RecordIdConverter, "record_id")

urlpatterns = [
    path("projects/<slug:slug>/<board:resource>/", views.board, name="board"),
    path("projects/<slug:slug>/<board:resource>/<record_id:record_id>/", views.record, name="board_record"),
    path("projects/<slug:slug>/<board:resource>/<record_id:record_id>/move/", views.move, name="board_move"),
]
